/**
 * The entrance's service side: how a backend announces itself. With {@link org.pursuit} it makes
 * one floor of the library.
 */
package org.pursuit.spi;
