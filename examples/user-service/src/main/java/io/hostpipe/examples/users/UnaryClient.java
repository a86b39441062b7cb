package io.hostpipe.examples.users;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.examples.users.proto.UserResponse;
import java.util.concurrent.TimeUnit;

/** Section 3.1 and 3.3: asks the article's service, each question with a deadline of its own. */
public final class UnaryClient {
  private UnaryClient() {}

  /** Asks the port of loopback that is named first for the users behind it. */
  public static void main(String[] words) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(words[0]))
            .usePlaintext()
            .build();
    for (int index = 1; index < words.length; index++) {
      IO.println(words[index] + ": " + ask(channel, Integer.parseInt(words[index])));
    }
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }

  /** The user in one line, or the status. */
  static String ask(ManagedChannel channel, int id) {
    try {
      UserResponse user =
          ClientCalls.blockingUnaryCall(
              channel,
              UserService.GET_USER,
              CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS),
              UserRequest.newBuilder().setId(id).build());
      return user.getName() + " <" + user.getEmail() + ">";
    } catch (StatusRuntimeException e) {
      Status status = e.getStatus();
      return status.getCode() + " (" + advice(status.getCode()) + ") " + status.getDescription();
    }
  }

  /** The article says "retries or degrades": which of both follows from the code alone. */
  static String advice(Status.Code code) {
    return switch (code) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED -> "try again";
      default -> "do not try again";
    };
  }
}
