/**
 * The entrance: choose a backend with {@link org.pursuit.Backends}, allocate data in it and call
 * its kernel families.
 */
package org.pursuit;
