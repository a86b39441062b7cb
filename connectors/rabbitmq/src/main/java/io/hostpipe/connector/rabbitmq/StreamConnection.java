package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a server that speaks RabbitMQ's stream protocol, for as long as it stands.
 *
 * <p>One thread reads the socket and hands everything on in the order in which it came: an answer
 * comes behind all that the server had sent before it. What is delivered is bounded by the credit
 * that its reader gives, so that thread waits for a reader only within a chunk that is larger than
 * what can be held. Frames are written by whoever has something to say, one at a time; a thread
 * that writes to a server that takes nothing waits, until the connection is closed.
 *
 * <p>Thread rule: any thread.
 */
final class StreamConnection implements AutoCloseable {
  /** The most bytes of a frame that is held whole; a chunk may be much longer. */
  private static final int FRAME_BYTES_MAX = 64 << 20;

  /** And comes in parts of so many then. */
  private static final int PART_BYTES = 8 << 20;

  /** The same before anybody has said who it is. */
  static final int GREETING_BYTES_MAX = 64 << 10;

  private static final int ANSWER_SECONDS = 30;
  private static final int HEARTBEATS_MISSED_MAX = 3;
  private static final int BUFFER_BYTES = 64 << 10;
  private static final long GOODBYE_MILLIS = 1_000;
  private static final long ABANDON_MILLIS = 200;

  /** Who is told what the server says of its own accord, on the thread that reads. */
  interface Listener {
    /** The server has these messages. */
    default void confirmed(long[] publishingIds) {}

    /** The server does not take a message. */
    default void refused(long publishingId, int code) {}

    /** Messages for a reader. */
    default void delivered(int subscription, StreamChunk chunk) throws PipeException {}

    /** Nothing more comes, and nothing is taken: also when the stream is gone. Told once. */
    void lost(PipeException why);
  }

  private final String where;
  private final Socket socket;
  private final DataInputStream in;
  private final BufferedOutputStream out;
  private final StreamGreeting greeting;
  private final Listener listener;
  private final ReentrantLock writing = new ReentrantLock();
  private final Map<Integer, CompletableFuture<ByteBuffer>> questions = new ConcurrentHashMap<>();

  /** How many chunks each subscription may still be sent. */
  private final Map<Integer, AtomicInteger> granted = new ConcurrentHashMap<>();

  private final AtomicInteger number = new AtomicInteger(1_000);
  private final AtomicBoolean ended = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable PipeException failure;
  private volatile long writtenNanos = System.nanoTime();

  /** The socket on which a server was greeted. */
  StreamConnection(
      String where,
      Socket socket,
      DataInputStream in,
      BufferedOutputStream out,
      StreamGreeting greeting,
      Listener listener) {
    this.where = where;
    this.socket = socket;
    this.in = in;
    this.out = out;
    this.greeting = greeting;
    this.listener = listener;
  }

  /** Connects to one of the servers. Blocks. */
  static StreamConnection open(StreamOptions options, Listener listener)
      throws PipeException, InterruptedException {
    return open(options, listener, 0);
  }

  /**
   * The same after other tries, each of which begins with another server: one that is there may
   * have no stream, or not have it now.
   *
   * @param tries so many before
   */
  static StreamConnection open(StreamOptions options, Listener listener, int tries)
      throws PipeException, InterruptedException {
    PipeException first = null;
    List<Server> servers = options.servers();
    for (int index = 0; index < servers.size(); index++) {
      try {
        Server server = servers.get(Math.floorMod(tries + index, servers.size()));
        return open(options, server, listener);
      } catch (PipeException.Unreachable e) {
        first = first == null ? e : first;
      }
    }
    throw Objects.requireNonNull(first, "an address names a server");
  }

  /** Connects to this server. Blocks. */
  static StreamConnection open(StreamOptions options, Server server, Listener listener)
      throws PipeException {
    StreamDial dial = StreamDial.to(options, server, BUFFER_BYTES);
    StreamConnection connection =
        new StreamConnection(
            options.address().toString(),
            dial.socket(),
            dial.in(),
            dial.out(),
            dial.greeting(),
            listener);
    Thread.ofPlatform().daemon().name("rabbitmq-stream").start(connection::readAll);
    Thread.ofVirtual().name("rabbitmq-stream-heartbeat").start(connection::beat);
    return connection;
  }

  /** The server's name and version, for people. */
  String server() {
    return "RabbitMQ "
        + greeting.version()
        + " at "
        + socket.getInetAddress().getHostAddress()
        + ":"
        + socket.getPort();
  }

  /** What the server is called where others speak of it; null when it does not say. */
  @Nullable Server advertised() {
    return greeting.advertised();
  }

  /** The most bytes of a message that is published. */
  int messageBytesMax() {
    return greeting.frameBytesMax() - FrameWriter.HEAD_BYTES - 1 - 4 - 8 - 4;
  }

  /** The most bytes of a frame that the server takes. */
  int frameBytesMax() {
    return greeting.frameBytesMax();
  }

  /** A number for a question; its frame begins with it. */
  int nextNumber() {
    return number.incrementAndGet();
  }

  /**
   * Asks, and waits for the answer. Blocks.
   *
   * @param question that begins with this number
   * @return the answer behind the number: it begins with a code
   */
  ByteBuffer ask(int underNumber, FrameWriter question) throws PipeException, InterruptedException {
    CompletableFuture<ByteBuffer> answer = new CompletableFuture<>();
    questions.put(underNumber, answer);
    try {
      PipeException before = failure;
      if (before != null) {
        throw before;
      }
      send(question);
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new PipeException.Unreachable(where + ": no answer for " + ANSWER_SECONDS + " s", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof PipeException known
          ? known
          : new PipeException.Unreachable(where + ": " + Attempts.reason(e), e);
    } finally {
      questions.remove(underNumber);
    }
  }

  /** Writes a frame. Blocks while the server takes nothing. */
  void send(FrameWriter frame) throws PipeException {
    writing.lock();
    try {
      frame.writeTo(out);
      out.flush();
      writtenNanos = System.nanoTime();
    } catch (IOException e) {
      PipeException before = failure;
      throw before != null
          ? before
          : new PipeException.Unreachable(
              where + ": the server cannot be written to: " + Attempts.reason(e), e);
    } finally {
      writing.unlock();
    }
  }

  /** Closes it, once; says goodbye if the server listens. Idempotent. */
  @Override
  public void close() {
    end(GOODBYE_MILLIS);
  }

  /** Closes it without waiting for a server that may not answer any more. Idempotent. */
  void abandon() {
    end(ABANDON_MILLIS);
  }

  private void end(long patienceMillis) {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    Thread farewell = Thread.ofVirtual().name("rabbitmq-stream-close").start(this::sayGoodbye);
    boolean interrupted = false;
    try {
      boolean _ = farewell.join(Duration.ofMillis(patienceMillis));
    } catch (InterruptedException e) {
      interrupted = true;
    }
    fail(new PipeException.Closed(Status.CANCELLED, where + " was closed on this side"));
    cut();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void sayGoodbye() {
    int underNumber = nextNumber();
    try {
      var _ =
          ask(
              underNumber,
              new FrameWriter(StreamCodes.CLOSE)
                  .int32(underNumber)
                  .int16(StreamCodes.OK)
                  .text("done"));
    } catch (PipeException e) {
      // It is gone already.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whoever writes or reads then fails. */
  private void cut() {
    closed.countDown();
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed already.
    }
  }

  private void readAll() {
    try {
      while (true) {
        int lengthBytes = in.readInt();
        if (lengthBytes > FRAME_BYTES_MAX) {
          takeLarge(lengthBytes);
        } else {
          take(readRest(in, where, lengthBytes));
        }
      }
    } catch (SocketTimeoutException e) {
      fail(
          new PipeException.Unreachable(
              where
                  + ": the server has not said anything for "
                  + HEARTBEATS_MISSED_MAX * greeting.heartbeatSeconds()
                  + " s",
              e));
    } catch (PipeException e) {
      fail(e);
    } catch (IOException e) {
      fail(
          new PipeException.Unreachable(
              where + ": the connection broke: " + Attempts.reason(e), e));
    } catch (RuntimeException | Error e) {
      // Whatever it was: who waits must not wait for a thread that is gone.
      fail(
          new PipeException.Unreachable(
              where + ": the server is not understood: " + Attempts.reason(e), e));
    } finally {
      cut();
    }
  }

  /** The next frame, from its command on. */
  static ByteBuffer readFrame(DataInputStream in, String where, int bytesMax) throws IOException {
    int lengthBytes = in.readInt();
    if (lengthBytes > bytesMax) {
      throw strange(where);
    }
    return readRest(in, where, lengthBytes);
  }

  private static ByteBuffer readRest(DataInputStream in, String where, int lengthBytes)
      throws IOException {
    if (lengthBytes < 4) {
      throw strange(where);
    }
    byte[] bytes = new byte[lengthBytes];
    in.readFully(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private static PipeException strange(String where) {
    return new PipeException.Unreachable(
        where
            + ": what answers does not speak RabbitMQ's stream protocol; is the plugin"
            + " rabbitmq_stream enabled, and is this its port (5552)? One that encrypts wants"
            + " rabbitmq-stream+tls",
        null);
  }

  /** A chunk that cannot be held at once; no other frame is so long. */
  private void takeLarge(int lengthBytes) throws IOException {
    int command = in.readUnsignedShort();
    int version = in.readUnsignedShort();
    if (command != StreamCodes.DELIVER) {
      throw strange(where);
    }
    int subscription = in.readUnsignedByte();
    checkGranted(subscription);
    int frontBytes = 2 * Short.BYTES + 1;
    if (version > 1) {
      in.readLong();
      frontBytes += Long.BYTES;
    }
    LargeChunk.read(
        where,
        in,
        lengthBytes - frontBytes,
        PART_BYTES,
        part -> listener.delivered(subscription, part));
  }

  private void take(ByteBuffer frame) throws PipeException {
    int command = Short.toUnsignedInt(frame.getShort());
    int version = frame.getShort();
    if ((command & StreamCodes.ANSWER) != 0) {
      answered(command & ~StreamCodes.ANSWER, frame);
      return;
    }
    switch (command) {
      case StreamCodes.PUBLISH_CONFIRM -> {
        frame.get();
        long[] ids = new long[count(frame, Long.BYTES)];
        for (int index = 0; index < ids.length; index++) {
          ids[index] = frame.getLong();
        }
        listener.confirmed(ids);
      }
      case StreamCodes.PUBLISH_ERROR -> {
        frame.get();
        for (int count = count(frame, Long.BYTES + Short.BYTES); count > 0; count--) {
          long id = frame.getLong();
          listener.refused(id, Short.toUnsignedInt(frame.getShort()));
        }
      }
      case StreamCodes.DELIVER -> {
        int subscription = Byte.toUnsignedInt(frame.get());
        checkGranted(subscription);
        if (version > 1) {
          frame.getLong();
        }
        listener.delivered(subscription, StreamChunk.read(where, frame));
      }
      case StreamCodes.METADATA_UPDATE -> {
        int code = Short.toUnsignedInt(frame.getShort());
        throw StreamCodes.of(
            where + ": the stream " + FrameReader.text(frame) + " moved or was deleted", code);
      }
      case StreamCodes.CLOSE -> {
        frame.getInt();
        int code = Short.toUnsignedInt(frame.getShort());
        throw StreamCodes.of(
            where + ": the server closed the connection: " + FrameReader.text(frame), code);
      }
      default -> {
        // A heartbeat, or a word of another time that wants no answer.
      }
    }
  }

  /** A subscription begins, and so many chunks may be delivered to it. */
  void grantAnew(int subscription, int chunks) {
    granted.put(subscription, new AtomicInteger(chunks));
  }

  /** So many chunks more may be delivered to a subscription. */
  void grant(int subscription, int chunks) {
    granted.computeIfAbsent(subscription, any -> new AtomicInteger()).addAndGet(chunks);
  }

  /** Nothing else bounds what is delivered and not read. */
  private void checkGranted(int subscription) throws PipeException {
    AtomicInteger left = granted.get(subscription);
    if (left == null || left.decrementAndGet() < 0) {
      throw new PipeException.Unreachable(
          where + ": the server delivers messages that it was not asked for", null);
    }
  }

  /** How many come next, each of so many bytes. */
  private int count(ByteBuffer frame, int bytesOfEach) throws PipeException {
    int count = frame.getInt();
    if (count < 0 || count > frame.remaining() / bytesOfEach) {
      throw new PipeException.Unreachable(
          where
              + ": the server is not understood: "
              + count
              + " numbers in "
              + frame.remaining()
              + " bytes",
          null);
    }
    return count;
  }

  /** A credit for a subscription that is gone has an answer too, and no number. */
  private void answered(int command, ByteBuffer frame) {
    if (command == StreamCodes.CREDIT) {
      return;
    }
    CompletableFuture<ByteBuffer> asked = questions.get(frame.getInt());
    if (asked != null) {
      asked.complete(frame);
    }
  }

  private void fail(PipeException why) {
    boolean first = failure == null;
    if (first) {
      failure = why;
    }
    questions.values().forEach(each -> each.completeExceptionally(why));
    if (first && !ended.get()) {
      listener.lost(why);
    }
  }

  /** Says now and then that this side lives, until the connection is closed. */
  private void beat() {
    long pauseNanos = TimeUnit.SECONDS.toNanos(greeting.heartbeatSeconds());
    try {
      while (!closed.await(pauseNanos / 2, TimeUnit.NANOSECONDS)) {
        if (System.nanoTime() - writtenNanos >= pauseNanos / 2) {
          send(new FrameWriter(StreamCodes.HEARTBEAT));
        }
      }
    } catch (PipeException e) {
      // Who reads says so.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** How long a server may be silent. */
  static int silenceMillis(int heartbeatSeconds) {
    return (int) TimeUnit.SECONDS.toMillis((long) HEARTBEATS_MISSED_MAX * heartbeatSeconds);
  }

  /** Buffers of a socket. */
  static BufferedInputStream buffered(Socket socket) throws IOException {
    return new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
  }
}
