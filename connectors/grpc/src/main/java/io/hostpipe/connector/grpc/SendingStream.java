package io.hostpipe.connector.grpc;

import io.grpc.Status;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.connector.grpc.proto.Ack;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import io.hostpipe.connector.grpc.proto.Header;
import io.hostpipe.connector.grpc.proto.Message;
import io.hostpipe.connector.grpc.proto.Opened;
import io.hostpipe.connector.grpc.proto.Reject;
import io.hostpipe.connector.grpc.proto.ServerFrame;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;

/**
 * A client is the source. It numbers its messages, and the number travels as the cursor of the
 * stream: so a sink that keeps its place keeps the number with it, and a client goes on at the
 * right message also when this process was started anew.
 */
final class SendingStream extends ClientStream {
  /** How many refusals are kept for a client that is away; older ones are forgotten. */
  private static final int REJECTED_COUNT_MAX = 10_000;

  private final Sink sink;
  private final Encoding encoding;
  private final ArrayDeque<Sent> uncommitted = new ArrayDeque<>();
  private final ArrayDeque<Reject> rejected = new ArrayDeque<>();

  /** The last message that was received, and the position behind it. */
  private long sequence;

  private long position;
  private Ack acked = Ack.getDefaultInstance();
  private boolean ackDue;
  private boolean silent;
  private boolean finishing;

  SendingStream(String id, Pipe pipe, Encoding encoding, Duration giveUp, Runnable whenOver) {
    super(id, pipe, giveUp, whenOver);
    this.sink = pipe.sink();
    this.encoding = encoding;
  }

  @Override
  void begin() throws PipeException, ClientFailure, InterruptedException {
    Resume held = sink.resume();
    Cursor cursor = held.cursor();
    if (cursor != null && cursor.bytes().length == Long.BYTES) {
      sequence = ByteBuffer.wrap(cursor.bytes()).getLong();
      position = held.cursorPosition();
    } else if (held.position() > 0) {
      throw new ClientFailure(
          Status.Code.FAILED_PRECONDITION,
          "stream "
              + id
              + " stands at position "
              + held.position()
              + ", but what wrote it did not number its messages; use another stream id");
    }
    acked = Ack.newBuilder().setPosition(position).setSequence(sequence).build();
    inBackground(() -> awaitCommits(held.position()));
  }

  @Override
  void welcome(Attached call) {
    silent = false;
    call.opened(
        Opened.newBuilder()
            .setStream(id)
            .setPosition(position)
            .setSequence(sequence)
            .setFinished(finishing)
            .build());
    ackDue = acked.getSequence() > 0 && !ended();
    onMoreRoom(call);
    if (ended()) {
      sayFinished(call);
    }
  }

  @Override
  void onFrame(Attached call, ClientFrame frame)
      throws PipeException, ClientFailure, InterruptedException {
    switch (frame.getFrameCase()) {
      case MESSAGE -> onMessage(frame.getMessage());
      case FINISH -> onFinish();
      case OPEN, ACK, REJECT, FRAME_NOT_SET ->
          throw new ClientFailure(
              Status.Code.INVALID_ARGUMENT,
              "a client that sends says Message and Finish, not " + frame.getFrameCase());
    }
  }

  @Override
  void onMoreRoom(Attached call) {
    while (!rejected.isEmpty() && call.isReady()) {
      call.send(ServerFrame.newBuilder().setReject(rejected.remove()).build());
    }
    if (ackDue && call.isReady()) {
      ackDue = false;
      call.ack(acked);
    }
    if (silent && !ackDue && uncommitted.isEmpty() && !finishing) {
      leave(call, Status.OK);
    }
  }

  @Override
  void onSilent(Attached call) {
    silent = true;
    onMoreRoom(call);
  }

  private void onMessage(Message message)
      throws PipeException, ClientFailure, InterruptedException {
    long number = message.getSequence();
    if (number > 0 && number <= sequence) {
      return; // sent again by a client that did not know
    }
    if (finishing) {
      throw new ClientFailure(Status.Code.FAILED_PRECONDITION, "stream " + id + " has ended");
    }
    if (number != sequence + 1) {
      throw new ClientFailure(
          Status.Code.INVALID_ARGUMENT,
          "message "
              + Long.toUnsignedString(number)
              + " came where "
              + (sequence + 1)
              + " was expected; number the messages of a stream from 1");
    }
    Headers headers = headersOf(message);
    ByteBuffer payload = message.getPayload().asReadOnlyByteBuffer();
    int lengthBytes =
        encoding == Encoding.RAW
            ? payload.remaining()
            : Records.lengthBytes(payload.remaining(), headers.lengthBytes());
    if (lengthBytes == 0) {
      throw new ClientFailure(
          Status.Code.INVALID_ARGUMENT,
          "message "
              + number
              + " is empty, and this pipe carries bytes; leave it out, or listen"
              + " with --frame for messages");
    }
    // What the sink has already is dropped by the sink: positions are the same each time.
    BatchWriter writer = sink.newBatch(lengthBytes);
    Batch batch;
    try (writer) {
      writer.add(payload, headers);
      writer.cursor(Cursor.of(ByteBuffer.allocate(Long.BYTES).putLong(number).array()));
      batch = writer.toBatch(new StreamId(id), position);
    }
    position = batch.endPosition();
    sequence = number;
    uncommitted.add(new Sent(position, number));
    sink.write(batch);
  }

  private Headers headersOf(Message message) throws ClientFailure {
    if (message.getHeadersCount() == 0) {
      return Headers.EMPTY;
    }
    if (encoding == Encoding.RAW) {
      throw new ClientFailure(
          Status.Code.INVALID_ARGUMENT,
          "this pipe carries bytes, which have no headers; the listener needs --frame for messages");
    }
    Headers.Builder headers = Headers.builder();
    try {
      for (Header header : message.getHeadersList()) {
        headers.add(header.getName(), header.getValue().toByteArray());
      }
    } catch (IllegalArgumentException e) {
      throw new ClientFailure(Status.Code.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
    }
    return headers.build();
  }

  /** The far sink may take long to end: acknowledgements go on meanwhile. */
  private void onFinish() {
    if (!finishing) {
      finishing = true;
      inBackground(() -> {
        sink.finish();
        boolean _ = post(this::onFinished);
      });
    }
  }

  private void onFinished() {
    uncommitted.clear();
    acked = Ack.newBuilder().setPosition(position).setSequence(sequence).build();
    end();
    Attached call = current();
    if (call != null) {
      sayFinished(call);
    }
  }

  private void sayFinished(Attached call) {
    call.ack(acked);
    call.finish();
    leave(call, Status.OK);
  }

  private void awaitCommits(long from) throws PipeException, InterruptedException {
    long known = from;
    boolean heard = true;
    while (heard) {
      Committed committed = sink.awaitCommitted(known + 1);
      known = committed.position();
      heard = post(() -> onCommitted(committed));
    }
  }

  private void onCommitted(Committed committed) {
    for (Committed.Rejected each : committed.rejected()) {
      if (rejected.size() == REJECTED_COUNT_MAX) {
        rejected.remove();
      }
      rejected.add(
          Reject.newBuilder()
              .setPosition(each.endPosition())
              .setSequence(sequenceAt(each.endPosition()))
              .setReason(each.why().reason())
              .build());
    }
    Sent last = null;
    while (!uncommitted.isEmpty() && uncommitted.element().endPosition <= committed.position()) {
      last = uncommitted.remove();
    }
    if (last != null) {
      acked = Ack.newBuilder().setPosition(last.endPosition).setSequence(last.sequence).build();
      ackDue = true;
    }
    Attached call = current();
    if (call != null) {
      onMoreRoom(call);
    }
  }

  private long sequenceAt(long endPosition) {
    for (Sent each : uncommitted) {
      if (each.endPosition == endPosition) {
        return each.sequence;
      }
    }
    return 0;
  }

  /** A message on its way. */
  private record Sent(long endPosition, long sequence) {}
}
