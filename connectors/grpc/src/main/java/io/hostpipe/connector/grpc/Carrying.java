package io.hostpipe.connector.grpc;

import io.grpc.Detachable;
import io.grpc.MethodDescriptor;
import java.io.InputStream;

/**
 * The method whose stream carries a link, {@code hostpipe.v1.Link/Carry}: each message is a chunk
 * of the session's bytes as they are, not a protobuf message. A chunk of length zero ends the
 * output of its sender, because a gRPC server has no other way to end its output and go on reading.
 */
final class Carrying {
  /** The service of the method. */
  static final String SERVICE = "hostpipe.v1.Link";

  /** The longest chunk. */
  static final int CHUNK_BYTES_MAX = 256 << 10;

  /** How many bytes may wait for the socket before a writer waits. */
  static final int QUEUED_BYTES_MAX = 256 << 10;

  /** How many chunks may wait for a reader, beside what waits in the HTTP/2 window. */
  static final int ARRIVED_COUNT_MAX = 4;

  static final MethodDescriptor<InputStream, InputStream> METHOD =
      MethodDescriptor.<InputStream, InputStream>newBuilder()
          .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Carry"))
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private Carrying() {}

  /** Hands bytes through; what arrives stays in the transport's buffers until it is read. */
  private static final class Bytes implements MethodDescriptor.Marshaller<InputStream> {
    @Override
    public InputStream stream(InputStream chunk) {
      return chunk;
    }

    @Override
    public InputStream parse(InputStream stream) {
      return stream instanceof Detachable detachable ? detachable.detach() : stream;
    }
  }
}
