/** Who may come: tokens, what each may do, and how much. */
@NullMarked
package io.hostpipe.runtime.access;

import org.jspecify.annotations.NullMarked;
