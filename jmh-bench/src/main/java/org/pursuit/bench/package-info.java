/** Entry point of the command-line program. */
package org.pursuit.bench;
