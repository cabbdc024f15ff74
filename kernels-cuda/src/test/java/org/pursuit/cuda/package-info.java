/** The host side, over the emulated device where it needs one. */
package org.pursuit.cuda;
