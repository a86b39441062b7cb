package io.hostpipe.examples.users;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.examples.users.proto.UserResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Section 3.1 and 3.3: the article's service as it stands there, one call for each question. */
public final class UnaryServer {
  private final Directory directory;

  private UnaryServer(Directory directory) {
    this.directory = directory;
  }

  /** Serves on this port of loopback until the process ends. */
  public static void main(String[] words) throws Exception {
    Server server = start(Integer.parseInt(words[0]), Directory.sample());
    IO.println("listening on " + server.getPort());
    server.awaitTermination();
  }

  static Server start(int port, Directory directory) throws IOException {
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .addService(UserService.with(new UnaryServer(directory)::getUser))
        .build()
        .start();
  }

  /** What this throws beside is UNKNOWN to the client: it says nothing, and so is never meant. */
  private void getUser(UserRequest request, StreamObserver<UserResponse> answer) {
    try {
      answer.onNext(directory.find(request));
      answer.onCompleted();
    } catch (Directory.NoAnswer e) {
      answer.onError(
          Status.fromCodeValue(e.why().status().code())
              .withDescription(e.why().reason())
              .asRuntimeException());
    }
  }
}
