/** Sessions over a bidirectional gRPC stream, and the service for programs without Hostpipe. */
@NullMarked
package io.hostpipe.connector.grpc;

import org.jspecify.annotations.NullMarked;
