/**
 * What this machine is, and the most that it can do: the limits that kernels are measured against.
 */
package org.pursuit.bench.roofline;
