/** The place of the CUDA backend, which has not landed yet. */
package org.pursuit.cuda;
