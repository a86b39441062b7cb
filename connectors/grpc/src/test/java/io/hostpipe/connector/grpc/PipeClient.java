package io.hostpipe.connector.grpc;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.hostpipe.connector.grpc.proto.Ack;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.Direction;
import io.hostpipe.connector.grpc.proto.Finish;
import io.hostpipe.connector.grpc.proto.Message;
import io.hostpipe.connector.grpc.proto.Open;
import io.hostpipe.connector.grpc.proto.Opened;
import io.hostpipe.connector.grpc.proto.ServerFrame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A program that knows the .proto file and nothing else of Hostpipe. */
final class PipeClient implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private final ManagedChannel channel;
  private final ClientCall<ClientFrame, ServerFrame> call;
  private final LinkedBlockingQueue<ServerFrame> frames = new LinkedBlockingQueue<>();
  private final CompletableFuture<Status> ended = new CompletableFuture<>();

  PipeClient(int port) {
    this(port, Integer.MAX_VALUE);
  }

  /** One that takes so many frames, and no more until it asks. */
  PipeClient(int port, int frameCount) {
    this(
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .usePlaintext()
            .build(),
        frameCount);
  }

  /** Over this channel, which it owns. */
  PipeClient(ManagedChannel channel) {
    this(channel, Integer.MAX_VALUE);
  }

  private PipeClient(ManagedChannel channel, int frameCount) {
    this.channel = channel;
    call = channel.newCall(PipesService.ATTACH, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(ServerFrame frame) {
            frames.add(frame);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(status);
          }
        },
        new Metadata());
    call.request(frameCount);
  }

  Opened open(String pipe, String stream, Direction direction) throws Exception {
    sendOpen(pipe, stream, direction);
    return next().getOpened();
  }

  void sendOpen(String pipe, String stream, Direction direction) {
    send(
        ClientFrame.newBuilder()
            .setOpen(Open.newBuilder().setPipe(pipe).setStream(stream).setDirection(direction))
            .build());
  }

  void send(ClientFrame frame) {
    call.sendMessage(frame);
  }

  void message(long sequence, String text) {
    send(
        ClientFrame.newBuilder()
            .setMessage(
                Message.newBuilder()
                    .setSequence(sequence)
                    .setPayload(ByteString.copyFrom(text, StandardCharsets.UTF_8)))
            .build());
  }

  void ack(long position) {
    send(ClientFrame.newBuilder().setAck(Ack.newBuilder().setPosition(position)).build());
  }

  void finish() {
    send(ClientFrame.newBuilder().setFinish(Finish.getDefaultInstance()).build());
  }

  void halfClose() {
    call.halfClose();
  }

  ServerFrame next() throws Exception {
    ServerFrame frame = frames.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (frame == null) {
      throw new AssertionError("nothing came; the call: " + ended.getNow(Status.OK));
    }
    return frame;
  }

  /** The text of the next message; its position is acknowledged by whoever wants to. */
  Message nextMessage() throws Exception {
    ServerFrame frame = next();
    if (!frame.hasMessage()) {
      throw new AssertionError("no message but " + frame);
    }
    return frame.getMessage();
  }

  /** Waits for an acknowledgement of this message or a later one. */
  Ack awaitAck(long sequence) throws Exception {
    while (true) {
      ServerFrame frame = next();
      if (frame.hasAck() && frame.getAck().getSequence() >= sequence) {
        return frame.getAck();
      }
    }
  }

  boolean hasFrames() {
    return !frames.isEmpty();
  }

  int frameCount() {
    return frames.size();
  }

  /** How the call ended. */
  Status status() throws Exception {
    return ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** As when the program is killed. */
  @Override
  public void close() {
    channel.shutdownNow();
  }
}
