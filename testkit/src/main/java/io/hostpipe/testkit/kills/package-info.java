/** Real processes of the command, which are killed and suspended again and again. */
@NullMarked
package io.hostpipe.testkit.kills;

import org.jspecify.annotations.NullMarked;
