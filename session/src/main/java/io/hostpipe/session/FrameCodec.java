package io.hostpipe.session;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Frames to bytes and back: {@code u32 length, u8 type, u8 flags, u16 check, body, u32 crc32c},
 * big-endian.
 *
 * <p>The length counts what follows it; the CRC covers all before it. That of a DATA frame is put
 * together from two, the head's and the payload's: so a payload is passed over once, for the frame
 * and for the stream's digest, and a frame that is sent again not at all. The check covers the six
 * bytes before it: so a damaged length is found at once, and not only when as many bytes have come
 * as it says, which may be never. Thread rule: none, there is no state.
 */
public final class FrameCodec {
  /** First bytes of every HELLO's body: "HPIP". */
  public static final int MAGIC = 0x4850_4950;

  /** The protocol version that this code speaks. */
  public static final int VERSION = 1;

  /** The longest payload of one DATA frame. */
  public static final int PAYLOAD_BYTES_MAX = 1 << 20;

  /** The longest frame that is not DATA, length field included. */
  public static final int CONTROL_BYTES_MAX = 4 << 10;

  /** The longest cursor. */
  public static final int CURSOR_BYTES_MAX = 256;

  /** The longest name or stream id in UTF-8. */
  public static final int NAME_BYTES_MAX = 200;

  /** The longest reason in UTF-8. */
  public static final int REASON_BYTES_MAX = 1_000;

  /** The highest epoch; no writer is replaced so often. */
  public static final long EPOCH_MAX = 1L << 48;

  /** Length, type, flags and check. */
  public static final int HEAD_BYTES = 4 + 2 + 2;

  /** The head and the position: what stands before a payload without a cursor. */
  public static final int DATA_HEAD_BYTES_MIN = HEAD_BYTES + 8;

  /** The same with the longest cursor. */
  public static final int DATA_HEAD_BYTES_MAX = DATA_HEAD_BYTES_MIN + 2 + CURSOR_BYTES_MAX;

  /** The CRC at the end. */
  public static final int TRAILER_BYTES = 4;

  /** The longest frame of all, length field included. */
  public static final int FRAME_BYTES_MAX = DATA_HEAD_BYTES_MAX + PAYLOAD_BYTES_MAX + TRAILER_BYTES;

  /** The shortest frame of all, length field included: BYE. */
  public static final int FRAME_BYTES_MIN = HEAD_BYTES + TRAILER_BYTES;

  static final int HELLO = 1;
  static final int AUTH = 2;
  static final int WELCOME = 3;
  static final int DATA = 4;
  static final int ACK = 5;
  static final int REJECT = 6;
  static final int PING = 7;
  static final int PONG = 8;
  static final int FIN = 9;
  static final int FIN_ACK = 10;
  static final int BYE = 11;
  static final int ABORT = 12;
  static final int GOAWAY = 13;
  static final int ERROR = 14;
  static final int APPLIES_AT_END = 15;

  private static final int LENGTH_FIELD_BYTES = 4;
  private static final int TYPE_OFFSET = 4;
  private static final int FLAGS_OFFSET = 5;
  private static final int CHECK_OFFSET = 6;
  private static final int FLAG_FIRST = 1;
  private static final int FLAG_SECOND = 2;
  private static final int FLAG_THIRD = 4;
  private static final int FLAG_FOURTH = 8;
  private static final int FLAG_FIFTH = 16;
  private static final int FLAG_SIXTH = 32;
  private static final int HELLO_FLAGS = 2 * FLAG_SIXTH - 1;

  private FrameCodec() {}

  /**
   * Appends one frame that is not DATA; needs {@link #CONTROL_BYTES_MAX} of room. Texts that are
   * too long are cut.
   */
  public static void encode(Frame frame, ByteBuffer out) {
    int start = out.position();
    out.putInt(0);
    switch (frame) {
      case Frame.Hello hello -> encodeHello(hello, out);
      case Frame.Challenge(Frame.Binding binding, Frame.Id nonce) -> {
        head(out, AUTH, FLAG_FIRST).put((byte) binding.code());
        putId(out, nonce);
      }
      case Frame.Proof(byte[] mac) -> head(out, AUTH, FLAG_SECOND).put(mac);
      case Frame.Welcome welcome -> encodeWelcome(welcome, out);
      case Frame.Ack(long received, long durable, long applied, long credit) ->
          head(out, ACK).putLong(received).putLong(durable).putLong(applied).putLong(credit);
      case Frame.Reject(long endPosition, int code, String reason) -> {
        head(out, REJECT).putLong(endPosition).put((byte) code);
        putText(out, reason, REASON_BYTES_MAX);
      }
      case Frame.AppliesAtEnd(boolean keepsBefore) ->
          head(out, APPLIES_AT_END, keepsBefore ? FLAG_FIRST : 0);
      case Frame.Ping(long nonce) -> head(out, PING).putLong(nonce);
      case Frame.Pong(long nonce) -> head(out, PONG).putLong(nonce);
      case Frame.Fin(long position, long digest) ->
          head(out, FIN).putLong(position).putLong(digest);
      case Frame.FinAck(long position, long digest) ->
          head(out, FIN_ACK).putLong(position).putLong(digest);
      case Frame.Bye() -> head(out, BYE);
      case Frame.Abort(long position, String reason) -> {
        head(out, ABORT).putLong(position);
        putText(out, reason, REASON_BYTES_MAX);
      }
      case Frame.GoAway(String reason) -> {
        head(out, GOAWAY);
        putText(out, reason, REASON_BYTES_MAX);
      }
      case Frame.Failure(int code, String reason) -> {
        head(out, ERROR).put((byte) code);
        putText(out, reason, REASON_BYTES_MAX);
      }
      case Frame.Data data -> throw new IllegalArgumentException("DATA is written in place");
      case Frame.Skipped skipped -> throw new IllegalArgumentException("a skipped frame is gone");
    }
    int length = out.position() - start - LENGTH_FIELD_BYTES + TRAILER_BYTES;
    out.putInt(start, length);
    CRC32C crc = new CRC32C();
    out.putShort(start + CHECK_OFFSET, headCheck(out, start, crc));
    crc.reset();
    crc.update(out.duplicate().flip().position(start));
    out.putInt((int) crc.getValue());
  }

  /** What the check of the head that begins there has to be. */
  static short headCheck(ByteBuffer bytes, int start, CRC32C crc) {
    crc.reset();
    for (int index = start; index < start + CHECK_OFFSET; index++) {
      crc.update(bytes.get(index));
    }
    long value = crc.getValue();
    return (short) (value ^ (value >>> Short.SIZE));
  }

  /**
   * The last four bytes of a frame.
   *
   * @param frame all that stands before them
   */
  public static int trailer(ByteBuffer frame) {
    CRC32C crc = new CRC32C();
    int payloadStart = payloadStart(frame);
    int headCrc = crc32c(frame.duplicate().limit(payloadStart), crc);
    return frame.get(frame.position() + TYPE_OFFSET) == DATA
        ? dataTrailer(headCrc, crc32c(frame.duplicate().position(payloadStart), crc))
        : headCrc;
  }

  /** The CRC of these remaining bytes; the position does not move. */
  static int crc32c(ByteBuffer bytes, CRC32C crc) {
    crc.reset();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }

  /** Turned by half, so that the same fault in both parts does not hide itself. */
  static int dataTrailer(int headCrc, int payloadCrc) {
    return Integer.rotateLeft(headCrc, Short.SIZE) ^ payloadCrc;
  }

  /**
   * Where the payload of a DATA frame begins; of others, and where a damaged frame would have it
   * begin behind its end, the end.
   */
  private static int payloadStart(ByteBuffer frame) {
    int start = frame.position();
    int end = frame.limit();
    if (frame.get(start + TYPE_OFFSET) != DATA) {
      return end;
    }
    int payloadStart = start + DATA_HEAD_BYTES_MIN;
    if ((frame.get(start + FLAGS_OFFSET) & FLAG_FIRST) != 0 && payloadStart + 2 <= end) {
      payloadStart += 2 + (frame.getShort(payloadStart) & 0xFFFF);
    }
    return Math.min(payloadStart, end);
  }

  /** Whether the head that begins there is as it was sent. */
  static boolean isHeadWhole(ByteBuffer bytes, int start, CRC32C crc) {
    return bytes.getShort(start + CHECK_OFFSET) == headCheck(bytes, start, crc);
  }

  /**
   * Whether the first bytes of a connection are a session's: the HELLO of who dials, or the ERROR
   * of who turns somebody away. The buffer's remaining bytes; it is left as it is.
   */
  public static boolean beginsSession(ByteBuffer first) {
    int start = first.position();
    if (first.remaining() < FRAME_BYTES_MIN) {
      return false;
    }
    int type = first.get(start + LENGTH_FIELD_BYTES) & 0xFF;
    long lengthBytes = LENGTH_FIELD_BYTES + (first.getInt(start) & 0xFFFF_FFFFL);
    return (type == HELLO || type == ERROR)
        && lengthBytes >= FRAME_BYTES_MIN
        && lengthBytes <= CONTROL_BYTES_MAX
        && isHeadWhole(first, start, new CRC32C());
  }

  /** Appends what stands before a payload of this length. */
  static void encodeDataHead(
      long position, byte @Nullable [] cursor, int payloadLengthBytes, ByteBuffer out, CRC32C crc) {
    int start = out.position();
    int cursorBytes = cursor == null ? 0 : 2 + cursor.length;
    int afterBytes = cursorBytes + payloadLengthBytes + TRAILER_BYTES;
    out.putInt(DATA_HEAD_BYTES_MIN - LENGTH_FIELD_BYTES + afterBytes);
    out.put((byte) DATA).put((byte) (cursor == null ? 0 : FLAG_FIRST));
    out.putShort(headCheck(out, start, crc)).putLong(position);
    if (cursor != null) {
      out.putShort((short) cursor.length).put(cursor);
    }
  }

  /**
   * Reads one whole frame, length field and CRC included.
   *
   * @param in exactly the frame; for DATA the payload is a slice of it
   * @param lease what the buffer lies in; passes to a DATA frame, otherwise stays the caller's
   */
  public static Frame decode(ByteBuffer in, Lease lease) throws ProtocolException {
    int end = in.limit() - TRAILER_BYTES;
    int start = in.position();
    ByteBuffer frameBytes = in.duplicate().limit(end);
    int payloadStart = payloadStart(frameBytes);
    CRC32C crc = new CRC32C();
    int headCrc = crc32c(in.duplicate().limit(payloadStart), crc);
    boolean isData = in.get(start + TYPE_OFFSET) == DATA;
    int payloadCrc = isData ? crc32c(frameBytes.position(payloadStart), crc) : 0;
    if ((isData ? dataTrailer(headCrc, payloadCrc) : headCrc) != in.getInt(end)) {
      throw new ProtocolException(
          Code.ABORTED, "a frame was damaged on the way (its CRC32C does not match)");
    }
    try {
      ByteBuffer body = in.duplicate().limit(end).position(start + HEAD_BYTES);
      int type = in.get(start + TYPE_OFFSET) & 0xFF;
      int flags = in.get(start + FLAGS_OFFSET) & 0xFF;
      Frame frame =
          isData ? decodeData(flags, body, payloadCrc, lease) : decodeBody(type, flags, body);
      if (!(frame instanceof Frame.Data || frame instanceof Frame.Skipped) && body.hasRemaining()) {
        throw new ProtocolException(
            Code.INVALID_ARGUMENT, "a frame of type " + type + " is longer than its content");
      }
      return frame;
    } catch (BufferUnderflowException e) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a frame is shorter than its content");
    }
  }

  private static Frame decodeData(int flags, ByteBuffer body, int payloadCrc, Lease lease)
      throws ProtocolException {
    long position = position(body);
    byte[] cursor = (flags & FLAG_FIRST) == 0 ? null : bytes(body, CURSOR_BYTES_MAX);
    return new Frame.Data(position, cursor, body.slice(), payloadCrc, lease);
  }

  private static Frame decodeBody(int type, int flags, ByteBuffer body) throws ProtocolException {
    return switch (type) {
      case HELLO -> decodeHello(flags, body);
      case AUTH -> decodeAuth(flags, body);
      case WELCOME -> decodeWelcome(flags, body);
      case ACK -> new Frame.Ack(position(body), position(body), position(body), position(body));
      case REJECT -> new Frame.Reject(position(body), body.get(), reason(body));
      case APPLIES_AT_END -> new Frame.AppliesAtEnd((flags & FLAG_FIRST) != 0);
      case PING -> new Frame.Ping(body.getLong());
      case PONG -> new Frame.Pong(body.getLong());
      case FIN -> new Frame.Fin(position(body), body.getLong());
      case FIN_ACK -> new Frame.FinAck(position(body), body.getLong());
      case BYE -> new Frame.Bye();
      case ABORT -> new Frame.Abort(position(body), reason(body));
      case GOAWAY -> new Frame.GoAway(reason(body));
      case ERROR -> new Frame.Failure(body.get(), reason(body));
      default -> {
        if (type < Frame.SKIPPABLE_FROM) {
          throw new ProtocolException(Code.UNIMPLEMENTED, "unknown frame type " + type);
        }
        yield new Frame.Skipped(type);
      }
    };
  }

  private static void encodeHello(Frame.Hello hello, ByteBuffer out) {
    int flags =
        (hello.sends() ? FLAG_FIRST : 0)
            | (hello.receives() ? FLAG_SECOND : 0)
            | (hello.positioned() ? FLAG_THIRD : 0)
            | (hello.keepsLink() ? FLAG_FOURTH : 0)
            | (hello.takesOver() ? FLAG_FIFTH : 0)
            | (hello.claim() == null ? 0 : FLAG_SIXTH)
            | hello.otherFlags();
    head(out, HELLO, flags).putInt(MAGIC);
    out.put((byte) hello.versionMin()).put((byte) hello.versionMax());
    out.put((byte) hello.ackLevel().code());
    putId(out, hello.instance());
    out.putLong(hello.connection()).putLong(hello.heldFrom()).putLong(hello.next());
    out.putLong(hello.epoch());
    putText(out, hello.encoding(), NAME_BYTES_MAX);
    putText(out, hello.name(), NAME_BYTES_MAX);
    putText(out, hello.stream(), NAME_BYTES_MAX);
    Frame.Claim claim = hello.claim();
    if (claim != null) {
      out.put((byte) claim.binding().code());
      putId(out, claim.nonce());
      putText(out, claim.token(), NAME_BYTES_MAX);
    }
  }

  private static Frame.Hello decodeHello(int flags, ByteBuffer body) throws ProtocolException {
    if (body.getInt() != MAGIC) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "the peer does not speak Hostpipe");
    }
    int versionMin = body.get() & 0xFF;
    int versionMax = body.get() & 0xFF;
    if (versionMin > VERSION || versionMax < VERSION) {
      throw new ProtocolException(
          Code.UNIMPLEMENTED,
          "the peer speaks protocol versions "
              + versionMin
              + " to "
              + versionMax
              + ", this side version "
              + VERSION);
    }
    Frame.AckLevel level = ackLevel(body.get());
    Frame.Id instance = id(body);
    long connection = position(body);
    long heldFrom = position(body);
    long next = position(body);
    long epoch = epoch(body);
    if (heldFrom > next) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a peer holds more than it has");
    }
    String encoding = name(body);
    String name = name(body);
    String stream = name(body);
    if (stream.isEmpty()) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a stream id is empty");
    }
    Frame.Claim claim =
        (flags & FLAG_SIXTH) == 0 ? null : new Frame.Claim(binding(body), id(body), name(body));
    return new Frame.Hello(
        versionMin,
        versionMax,
        (flags & FLAG_FIRST) != 0,
        (flags & FLAG_SECOND) != 0,
        level,
        encoding,
        instance,
        connection,
        name,
        stream,
        (flags & FLAG_THIRD) != 0,
        heldFrom,
        next,
        epoch,
        (flags & FLAG_FOURTH) != 0,
        (flags & FLAG_FIFTH) != 0,
        claim,
        flags & ~HELLO_FLAGS);
  }

  /** The flags are no others: a proof is over this frame, and so over every bit of it. */
  private static Frame decodeAuth(int flags, ByteBuffer body) throws ProtocolException {
    if (flags == FLAG_FIRST) {
      return new Frame.Challenge(binding(body), id(body));
    }
    if (flags != FLAG_SECOND) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "neither a challenge nor a proof");
    }
    byte[] mac = new byte[TokenKey.MAC_BYTES];
    body.get(mac);
    return new Frame.Proof(mac);
  }

  private static void encodeWelcome(Frame.Welcome welcome, ByteBuffer out) {
    Long digest = welcome.digest();
    byte[] cursor = welcome.cursor();
    int flags = (digest == null ? 0 : FLAG_FIRST) | (cursor == null ? 0 : FLAG_SECOND);
    head(out, WELCOME, flags);
    putId(out, welcome.receiver());
    out.putLong(welcome.epoch()).putLong(welcome.position()).putLong(welcome.credit());
    out.putLong(digest == null ? 0 : digest);
    if (cursor != null) {
      out.putLong(welcome.cursorPosition()).putShort((short) cursor.length).put(cursor);
    }
  }

  private static Frame.Welcome decodeWelcome(int flags, ByteBuffer body) throws ProtocolException {
    Frame.Id receiver = id(body);
    long epoch = epoch(body);
    long position = position(body);
    long credit = position(body);
    long digestBits = body.getLong();
    Long digest = (flags & FLAG_FIRST) == 0 ? null : digestBits;
    byte[] cursor = null;
    long cursorPosition = 0;
    if ((flags & FLAG_SECOND) != 0) {
      cursorPosition = position(body);
      cursor = bytes(body, CURSOR_BYTES_MAX);
      if (cursorPosition > position) {
        throw new ProtocolException(Code.INVALID_ARGUMENT, "a cursor is ahead of its stream");
      }
    }
    return new Frame.Welcome(receiver, epoch, position, digest, credit, cursor, cursorPosition);
  }

  private static Frame.AckLevel ackLevel(int code) throws ProtocolException {
    for (Frame.AckLevel level : Frame.AckLevel.values()) {
      if (level.code() == code) {
        return level;
      }
    }
    throw new ProtocolException(Code.UNIMPLEMENTED, "unknown acknowledgement level " + code);
  }

  private static Frame.Binding binding(ByteBuffer body) throws ProtocolException {
    int code = body.get();
    for (Frame.Binding binding : Frame.Binding.values()) {
      if (binding.code() == code) {
        return binding;
      }
    }
    throw new ProtocolException(Code.UNIMPLEMENTED, "unknown binding of a token " + code);
  }

  private static ByteBuffer head(ByteBuffer out, int type) {
    return head(out, type, 0);
  }

  /** The check is put in when the length is known. */
  private static ByteBuffer head(ByteBuffer out, int type, int flags) {
    return out.put((byte) type).put((byte) flags).putShort((short) 0);
  }

  private static void putId(ByteBuffer out, Frame.Id id) {
    out.putLong(id.high()).putLong(id.low());
  }

  private static Frame.Id id(ByteBuffer body) {
    return new Frame.Id(body.getLong(), body.getLong());
  }

  private static void putText(ByteBuffer out, String text, int bytesMax) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int lengthBytes = Math.min(utf8.length, bytesMax);
    while (lengthBytes < utf8.length && (utf8[lengthBytes] & 0xC0) == 0x80) {
      lengthBytes--;
    }
    out.putShort((short) lengthBytes).put(utf8, 0, lengthBytes);
  }

  private static String text(ByteBuffer body, int bytesMax) throws ProtocolException {
    byte[] utf8 = bytes(body, bytesMax);
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(utf8))
          .toString();
    } catch (CharacterCodingException e) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a text is not UTF-8");
    }
  }

  /**
   * A text that others will show and compare: what a terminal would act upon has no place in it.
   */
  private static String name(ByteBuffer body) throws ProtocolException {
    String name = text(body, NAME_BYTES_MAX);
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a name has a control character");
    }
    return name;
  }

  /** A text for a person: on one line, and without a say in what the terminal does. */
  private static String reason(ByteBuffer body) throws ProtocolException {
    String reason = text(body, REASON_BYTES_MAX);
    if (reason.chars().noneMatch(Character::isISOControl)) {
      return reason;
    }
    StringBuilder shown = new StringBuilder(reason);
    for (int index = 0; index < shown.length(); index++) {
      if (Character.isISOControl(shown.charAt(index))) {
        shown.setCharAt(index, ' ');
      }
    }
    return shown.toString();
  }

  private static byte[] bytes(ByteBuffer body, int bytesMax) throws ProtocolException {
    int lengthBytes = body.getShort() & 0xFFFF;
    if (lengthBytes > bytesMax) {
      throw new ProtocolException(
          Code.INVALID_ARGUMENT, "a field of " + lengthBytes + " bytes is above " + bytesMax);
    }
    byte[] bytes = new byte[lengthBytes];
    body.get(bytes);
    return bytes;
  }

  private static long epoch(ByteBuffer body) throws ProtocolException {
    long epoch = position(body);
    if (epoch > EPOCH_MAX) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "an epoch is above " + EPOCH_MAX);
    }
    return epoch;
  }

  private static long position(ByteBuffer body) throws ProtocolException {
    long position = body.getLong();
    if (position < 0) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a position is negative");
    }
    return position;
  }
}
