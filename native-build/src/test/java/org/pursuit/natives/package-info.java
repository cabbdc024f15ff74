/** What the native part's jar must hold and must not, read from the jar itself. */
package org.pursuit.natives;
