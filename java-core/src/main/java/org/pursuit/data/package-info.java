/**
 * The ground floor: matrices, vectors and sparse codes, and the {@link org.pursuit.data.Memory}
 * that owns them.
 *
 * <p>Every handle belongs to the backend that allocated it and is closed by its user. A handle may
 * be used by one thread at a time, like its backend.
 */
package org.pursuit.data;
