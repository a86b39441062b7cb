/** TLS 1.3 for links: who this host is, whom it trusts, and the link itself. */
@NullMarked
package io.hostpipe.runtime.tls;

import org.jspecify.annotations.NullMarked;
