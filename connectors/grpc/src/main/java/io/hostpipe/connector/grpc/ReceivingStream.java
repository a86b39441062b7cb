package io.hostpipe.connector.grpc;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Source;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.Header;
import io.hostpipe.connector.grpc.proto.Message;
import io.hostpipe.connector.grpc.proto.Opened;
import io.hostpipe.connector.grpc.proto.Reject;
import io.hostpipe.connector.grpc.proto.ServerFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A client is the sink. What it has not acknowledged is kept here, and sent to its next call. As
 * long as that is much, nothing more is read: it waits in the window of the session, and then with
 * the sender.
 */
final class ReceivingStream extends ClientStream {
  /** Bytes without borders come in pieces of this size at most. */
  private static final int PIECE_BYTES_MAX = 256 << 10;

  /** How much is kept of a client that does not read, or does not acknowledge. */
  private static final long HELD_BYTES_MAX = 4L << 20;

  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Source source;
  private final HeldMessages held = new HeldMessages(HELD_BYTES_MAX);
  private final ArrayDeque<Message> unsent = new ArrayDeque<>();
  private final ArrayDeque<Message> unacked = new ArrayDeque<>();
  private long ackedPosition;
  private boolean allRead;
  private boolean finishTold;

  ReceivingStream(String id, Pipe pipe, Duration giveUp, Runnable whenOver) {
    super(id, pipe, giveUp, whenOver);
    this.source = pipe.source();
  }

  @Override
  void begin() {
    inBackground(this::readAll);
  }

  @Override
  void welcome(Attached call) {
    while (!unacked.isEmpty()) {
      unsent.addFirst(unacked.removeLast());
    }
    finishTold = false;
    call.opened(
        Opened.newBuilder().setStream(id).setPosition(ackedPosition).setFinished(ended()).build());
    onMoreRoom(call);
  }

  @Override
  void onFrame(Attached call, ClientFrame frame) throws PipeException, ClientFailure {
    switch (frame.getFrameCase()) {
      case ACK -> onAck(call, frame.getAck().getPosition());
      case REJECT -> onReject(frame.getReject());
      case OPEN, MESSAGE, FINISH, FRAME_NOT_SET ->
          throw new ClientFailure(
              Status.Code.INVALID_ARGUMENT,
              "a client that receives says Ack and Reject, not " + frame.getFrameCase());
    }
  }

  @Override
  void onMoreRoom(Attached call) {
    while (!unsent.isEmpty() && call.isReady()) {
      Message message = unsent.remove();
      unacked.add(message);
      call.send(ServerFrame.newBuilder().setMessage(message).build());
    }
    if (allRead && unsent.isEmpty()) {
      if (!finishTold) {
        finishTold = true;
        call.finish();
      }
      if (unacked.isEmpty()) {
        end();
        leave(call, Status.OK);
      }
    }
  }

  /** It can acknowledge nothing more: what it has not, its next call gets. */
  @Override
  void onSilent(Attached call) {
    leave(call, Status.OK);
  }

  private void onAck(Attached call, long position) throws PipeException, ClientFailure {
    checkSent(position);
    long before = ackedPosition;
    while (!unacked.isEmpty() && unacked.element().getPosition() <= position) {
      Message acked = unacked.remove();
      ackedPosition = acked.getPosition();
      boolean _ = held.remove(acked);
    }
    if (ackedPosition > before) {
      source.commit(ackedPosition);
    }
    onMoreRoom(call);
  }

  private void onReject(Reject reject) throws PipeException, ClientFailure {
    checkSent(reject.getPosition());
    String reason = reject.getReason();
    source.reject(
        reject.getPosition(),
        new Rejection(
            io.hostpipe.Status.INVALID_ARGUMENT,
            reason.substring(0, Math.min(reason.length(), Rejection.REASON_LENGTH_MAX))));
  }

  private void checkSent(long position) throws ClientFailure {
    long sentPosition = unacked.isEmpty() ? ackedPosition : unacked.getLast().getPosition();
    if (position < 0 || position > sentPosition) {
      throw new ClientFailure(
          Status.Code.INVALID_ARGUMENT,
          "position "
              + position
              + " was acknowledged, but messages were sent up to "
              + sentPosition);
    }
  }

  private void readAll() throws PipeException, InterruptedException {
    Batch batch = source.read();
    while (batch != null) {
      List<Message> messages;
      try (Batch closing = batch) {
        messages = messagesOf(closing);
      }
      messages.forEach(held::add);
      if (!post(() -> onRead(messages)) || !awaitRoom()) {
        return;
      }
      batch = source.read();
    }
    boolean _ =
        post(() -> {
          allRead = true;
          onRead(List.of());
        });
  }

  /** Whether there is room before the stream is over. */
  private boolean awaitRoom() throws InterruptedException {
    while (!held.awaitRoom(LOOK_NANOS)) {
      if (!post(() -> {})) {
        return false;
      }
    }
    return true;
  }

  private void onRead(List<Message> messages) {
    unsent.addAll(messages);
    Attached call = current();
    if (call != null) {
      onMoreRoom(call);
    }
  }

  private static List<Message> messagesOf(Batch batch) {
    List<Message> messages = new ArrayList<>();
    if (batch.encoding() == Encoding.RAW) {
      ByteBuffer bytes = batch.bytes();
      long position = batch.position();
      while (bytes.hasRemaining()) {
        int pieceBytes = Math.min(bytes.remaining(), PIECE_BYTES_MAX);
        position += pieceBytes;
        messages.add(
            Message.newBuilder()
                .setPayload(ByteString.copyFrom(bytes, pieceBytes))
                .setPosition(position)
                .build());
      }
      return messages;
    }
    try {
      batch.forEach(
          (endPosition, payload, headers) -> messages.add(message(payload, headers, endPosition)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return messages;
  }

  private static Message message(ByteBuffer payload, Headers headers, long endPosition) {
    Message.Builder message =
        Message.newBuilder().setPayload(ByteString.copyFrom(payload)).setPosition(endPosition);
    headers.forEach((name, value) ->
        message.addHeaders(Header.newBuilder().setName(name).setValue(ByteString.copyFrom(value))));
    return message.build();
  }
}
