/** What the program and the benchmarks share: packed real data, and tables of text. */
package org.pursuit.bench.support;
