/** Sessions over a bidirectional gRPC stream. */
@NullMarked
package io.hostpipe.connector.grpc;

import org.jspecify.annotations.NullMarked;
