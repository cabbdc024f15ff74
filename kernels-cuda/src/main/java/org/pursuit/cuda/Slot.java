package org.pursuit.cuda;

/** The uses of scratch memory. A use has one buffer, which its next call may overwrite. */
enum Slot {}
