/**
 * The JMH benchmarks of the kernel families, the limits of the machine that they are measured
 * against, and the report that joins both. Every benchmark verifies its last result.
 */
package org.pursuit.bench.jmh;
