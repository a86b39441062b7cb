/** The types a program uses to move bytes and messages between hosts. */
@NullMarked
package io.hostpipe;

import org.jspecify.annotations.NullMarked;
