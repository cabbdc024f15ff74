/** The commands of the program {@code pursuit}. */
package org.pursuit.bench.cli;
