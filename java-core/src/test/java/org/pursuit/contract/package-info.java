/**
 * The contract of the kernel families, run on every usable backend: one class a family, with an
 * oracle of its own.
 */
package org.pursuit.contract;
