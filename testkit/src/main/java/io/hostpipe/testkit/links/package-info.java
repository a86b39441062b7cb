/** What every carrier of sessions is tested with: streams that show a loss, and broken links. */
@NullMarked
package io.hostpipe.testkit.links;

import org.jspecify.annotations.NullMarked;
