/** What links and connectors to brokers share about TLS: keys, certificates, authorities. */
@NullMarked
package io.hostpipe.spi.tls;

import org.jspecify.annotations.NullMarked;
