/**
 * The specification: every kernel as plain loops with double accumulation. It is the oracle of the
 * tests and the backend of last resort.
 */
package org.pursuit.scalar;
