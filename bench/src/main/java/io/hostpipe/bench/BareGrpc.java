package io.hostpipe.bench;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/**
 * Standard input over one grpc-java stream to standard output: what such a stream makes of bytes in
 * the chunks that a link of ours has, with nothing else around it. It goes on only while the stream
 * is ready, and the other side asks for one chunk when it has written the one before.
 */
final class BareGrpc {
  private static final int CHUNK_BYTES = 256 << 10;
  private static final int MESSAGE_BYTES_MAX = 4 << 20;

  private static final MethodDescriptor<byte[], byte[]> CARRY =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.CLIENT_STREAMING)
          .setFullMethodName("bench.Bytes/Carry")
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private BareGrpc() {}

  /** The words: receive or send, and the port. */
  public static void main(String[] words) throws Exception {
    int port = Integer.parseInt(words[1]);
    if (words[0].equals("receive")) {
      receive(port);
    } else {
      send(port);
    }
  }

  private static void receive(int port) throws IOException, InterruptedException {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .maxInboundMessageSize(MESSAGE_BYTES_MAX)
            .addService(
                ServerServiceDefinition.builder("bench.Bytes")
                    .addMethod(
                        CARRY,
                        ServerCalls.asyncClientStreamingCall(
                            answer -> new Receiving(out, answer, ended)))
                    .build())
            .build()
            .start();
    ended.join();
    server.shutdown().awaitTermination();
  }

  private static void send(int port) throws IOException, InterruptedException {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    Sending sending = new Sending();
    ClientCalls.asyncClientStreamingCall(channel.newCall(CARRY, CallOptions.DEFAULT), sending);
    InputStream in = new FileInputStream(FileDescriptor.in);
    byte[] chunk = new byte[CHUNK_BYTES];
    for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
      sending.send(Arrays.copyOf(chunk, length));
    }
    sending.finish();
    channel.shutdown();
  }

  /** Arrays as they are. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private record Receiving(
      OutputStream out, StreamObserver<byte[]> answer, CompletableFuture<Void> ended)
      implements StreamObserver<byte[]> {
    @Override
    public void onNext(byte[] chunk) {
      try {
        out.write(chunk);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void onError(Throwable why) {
      ended.completeExceptionally(why);
    }

    @Override
    public void onCompleted() {
      answer.onNext(new byte[0]);
      answer.onCompleted();
      ended.complete(null);
    }
  }

  private static final class Sending implements ClientResponseObserver<byte[], byte[]> {
    private final Semaphore ready = new Semaphore(0);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CompletableFuture<ClientCallStreamObserver<byte[]>> stream =
        new CompletableFuture<>();

    @Override
    public void beforeStart(ClientCallStreamObserver<byte[]> given) {
      given.setOnReadyHandler(ready::release);
      stream.complete(given);
    }

    void send(byte[] chunk) throws InterruptedException {
      while (!stream.join().isReady() && !ended.isDone()) {
        ready.acquire();
      }
      stream.join().onNext(chunk);
    }

    void finish() {
      stream.join().onCompleted();
      ended.join();
    }

    @Override
    public void onNext(byte[] answer) {}

    @Override
    public void onError(Throwable why) {
      ended.completeExceptionally(why);
      ready.release();
    }

    @Override
    public void onCompleted() {
      ended.complete(null);
    }
  }
}
