package io.hostpipe.examples.users;

import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.examples.users.proto.UserResponse;

/**
 * {@code example.UserService} of user.proto for gRPC: what its code generator would make of one
 * method, written out, so that building this takes no generator beside protoc.
 */
final class UserService {
  static final MethodDescriptor<UserRequest, UserResponse> GET_USER =
      MethodDescriptor.<UserRequest, UserResponse>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("example.UserService/GetUser")
          .setRequestMarshaller(ProtoUtils.marshaller(UserRequest.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(UserResponse.getDefaultInstance()))
          .build();

  private UserService() {}

  /** The service, with this as its method. */
  static ServerServiceDefinition with(ServerCalls.UnaryMethod<UserRequest, UserResponse> getUser) {
    return ServerServiceDefinition.builder("example.UserService")
        .addMethod(GET_USER, ServerCalls.asyncUnaryCall(getUser))
        .build();
  }
}
