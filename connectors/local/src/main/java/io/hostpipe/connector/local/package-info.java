/** Standard input and output, files, and programs on this host. */
@NullMarked
package io.hostpipe.connector.local;

import org.jspecify.annotations.NullMarked;
