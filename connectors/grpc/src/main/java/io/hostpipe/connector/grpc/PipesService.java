package io.hostpipe.connector.grpc;

import com.google.protobuf.Descriptors;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoServiceDescriptorSupplier;
import io.grpc.protobuf.ProtoUtils;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.PipesOuterClass;
import io.hostpipe.connector.grpc.proto.ServerFrame;
import io.hostpipe.runtime.tls.Agreed;
import io.hostpipe.runtime.tls.TlsServer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code hostpipe.v1.Pipes} for programs without our code, as its .proto file describes
 * it. What the gRPC plug-in of protoc would generate is these few lines.
 */
final class PipesService {
  /** The service's full name. */
  static final String NAME = "hostpipe.v1.Pipes";

  static final MethodDescriptor<ClientFrame, ServerFrame> ATTACH =
      MethodDescriptor.<ClientFrame, ServerFrame>newBuilder()
          .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, "Attach"))
          .setRequestMarshaller(ProtoUtils.marshaller(ClientFrame.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(ServerFrame.getDefaultInstance()))
          .build();

  private PipesService() {}

  /**
   * The service over these streams.
   *
   * @param tls null for plain connections
   * @param callers the connections that calls come over
   */
  static ServerServiceDefinition over(
      ClientStreams streams, @Nullable TlsServer tls, Callers callers) {
    ServiceDescriptor described =
        ServiceDescriptor.newBuilder(NAME)
            .setSchemaDescriptor(new Described())
            .addMethod(ATTACH)
            .build();
    return ServerServiceDefinition.builder(described)
        .addMethod(
            ATTACH,
            (call, headers) -> {
              Attached attached =
                  new Attached(
                      call, principal(call, tls), streams, callers.begun(call.getAttributes()));
              attached.begin(headers);
              return attached;
            })
        .build();
  }

  /** Who the client is, where its certificate was asked for. */
  private static @Nullable String principal(ServerCall<?, ?> call, @Nullable TlsServer tls) {
    try {
      Agreed agreed = tls == null ? null : Transport.agreed(call.getAttributes(), tls.lastSide());
      return agreed == null ? null : agreed.principal();
    } catch (SSLException e) {
      throw Status.UNAUTHENTICATED.withDescription(e.getMessage()).asRuntimeException();
    }
  }

  /** For reflection: what the .proto file says. */
  private static final class Described implements ProtoServiceDescriptorSupplier {
    @Override
    public Descriptors.FileDescriptor getFileDescriptor() {
      return PipesOuterClass.getDescriptor();
    }

    @Override
    public Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("Pipes");
    }
  }
}
