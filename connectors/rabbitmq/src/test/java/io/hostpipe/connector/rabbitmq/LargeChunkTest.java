package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Chunks of a stream that are larger than what is held of one. */
@Timeout(300)
final class LargeChunkTest {
  private static final int PART_BYTES = 1_000;
  private static final long OFFSET = 70;
  private static final int MESSAGE_BYTES = 100_000;
  private static final int MESSAGE_COUNT = 2_000;

  @Test
  void itComesInPartsThatFollowEachOther() throws Exception {
    List<StreamChunk> parts = new ArrayList<>();
    DataInputStream in = in(chunk(10, 300, 0));
    LargeChunk.read("here", in, in.available() - 1, PART_BYTES, parts::add);
    assertThat(in.readByte()).isEqualTo((byte) 0x77);
    assertThat(parts).hasSizeGreaterThan(2);
    List<Long> offsets = new ArrayList<>();
    for (StreamChunk part : parts) {
      assertThat(part.ends()).isEqualTo(part.equals(parts.getLast()));
      for (StreamChunk.Message each : part.messages("here")) {
        offsets.add(each.offset());
        assertThat(each.bytes()).isEqualTo(filled(300, (int) (each.offset() - OFFSET)));
      }
    }
    assertThat(offsets).containsExactly(70L, 71L, 72L, 73L, 74L, 75L, 76L, 77L, 78L, 79L);
  }

  @Test
  void aMessageThatIsLongerThanAPartIsOneItself() throws Exception {
    List<StreamChunk> parts = new ArrayList<>();
    DataInputStream in = in(chunk(3, 5_000, 0));
    LargeChunk.read("here", in, in.available() - 1, PART_BYTES, parts::add);
    assertThat(parts).extracting(StreamChunk::lastOffset).containsExactly(70L, 71L, 72L);
  }

  @Test
  void messagesThatWerePackedStayTogether() throws Exception {
    ByteBuffer data = ByteBuffer.allocate(11 + 10 + 5);
    data.put((byte) 0x80).putShort((short) 2).putInt(10).putInt(10);
    data.putInt(2).putShort((short) 8).putInt(0);
    data.putInt(1).put((byte) 9).flip();
    List<StreamChunk> parts = new ArrayList<>();
    DataInputStream in = in(chunk(2, 3, data, 0));
    LargeChunk.read("here", in, in.available() - 1, PART_BYTES, parts::add);
    assertThat(parts).hasSize(1);
    assertThat(parts.getFirst().messages("here"))
        .containsExactly(
            new StreamChunk.Message(OFFSET, 5, ByteBuffer.allocate(2).putShort((short) 8).flip()),
            new StreamChunk.Message(OFFSET + 1, 5, ByteBuffer.allocate(0)),
            new StreamChunk.Message(OFFSET + 2, 5, ByteBuffer.wrap(new byte[] {9})));
  }

  @Test
  void damageIsSaidWithWhatWasHandedOn() throws Exception {
    List<StreamChunk> parts = new ArrayList<>();
    DataInputStream in = in(chunk(10, 300, 1));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> LargeChunk.read("here", in, in.available() - 1, PART_BYTES, parts::add))
        .withMessage(
            "here: the messages from offset 70 on are damaged: their checksum is another one than"
                + " when they were written; those up to offset 78 were handed on before that was"
                + " known");
    assertThat(parts.getLast().lastOffset()).isEqualTo(78);
  }

  @Test
  void lengthsThatAreNoneAreDamage() throws Exception {
    byte[] bytes = chunk(10, 300, 0);
    ByteBuffer.wrap(bytes).putInt(StreamChunk.Head.BYTES, 1 << 30);
    DataInputStream in = in(bytes);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> LargeChunk.read("here", in, bytes.length - 1, PART_BYTES, part -> {}))
        .withMessageContaining("from offset 70 on cannot be told apart");
  }

  /** A client that lets nobody confirm before it has written all fills whole chunks. */
  @Test
  void whatAFastWriterWroteAtOnceIsRead(@TempDir Path folder) throws Exception {
    try (RabbitServer server = RabbitServer.start(folder);
        TestStream stream = new TestStream(server)) {
      stream.declare(Map.of());
      writeAtOnce(stream);
      assertThat(count(stream)).isEqualTo(MESSAGE_COUNT);
    }
  }

  @Test
  void aWriterFindsItsPlaceBeforeThem(@TempDir Path folder) throws Exception {
    try (RabbitServer server = RabbitServer.start(folder);
        TestStream stream = new TestStream(server)) {
      Sink first = stream.sink("numbers", "");
      TestQueue.writeNumbers(first, 1, 10);
      first.awaitCommitted(first.resume().position());
      Resume place = first.resume();
      first.close();
      writeAtOnce(stream);
      Sink again = stream.sink("numbers", "");
      assertThat(again.resume()).isEqualTo(place);
      again.close();
    }
  }

  /** How many of them are there. */
  private static long count(TestStream stream) throws Exception {
    Source source = stream.source("?from=begin&until=last");
    long[] bytes = {0};
    while (true) {
      try (Batch batch = source.read()) {
        if (batch == null) {
          return bytes[0] / MESSAGE_BYTES;
        }
        batch.forEach((end, payload, headers) -> bytes[0] += payload.remaining());
        source.commit(batch.endPosition());
      }
    }
  }

  private static void writeAtOnce(TestStream stream) throws Exception {
    StreamOptions options = StreamOptions.of(stream.address(""), true);
    try (StreamConnection connection = StreamConnection.open(options, why -> {})) {
      Streams streams = new Streams(connection, options);
      streams.declarePublisher(StreamWay.PUBLISHER, new StreamId("another"));
      byte[] message =
          new Amqp10Writer().section(0x75).binary(ByteBuffer.allocate(MESSAGE_BYTES)).toBytes();
      FrameWriter frame = new FrameWriter(StreamCodes.PUBLISH);
      for (int number = 1; number <= MESSAGE_COUNT; number += 10) {
        frame.begin(StreamCodes.PUBLISH).int8(StreamWay.PUBLISHER).int32(10);
        for (int index = 0; index < 10; index++) {
          frame.int64(number + index).bytes(message);
        }
        connection.send(frame);
      }
    }
  }

  private static DataInputStream in(byte[] bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes));
  }

  /** A chunk of messages, a few bytes behind it that belong to its frame, and one that does not. */
  private static byte[] chunk(int count, int lengthBytes, int crcError) {
    ByteBuffer data = ByteBuffer.allocate(count * (4 + lengthBytes));
    for (int index = 0; index < count; index++) {
      data.putInt(lengthBytes).put(filled(lengthBytes, index));
    }
    return chunk(count, count, data.flip(), crcError);
  }

  private static byte[] chunk(int entries, int count, ByteBuffer data, int crcError) {
    CRC32 crc = new CRC32();
    crc.update(data.duplicate());
    return ByteBuffer.allocate(StreamChunk.Head.BYTES + data.remaining() + 6)
        .put((byte) 0x50)
        .put((byte) 0)
        .putShort((short) entries)
        .putInt(count)
        .putLong(5)
        .putLong(1)
        .putLong(OFFSET)
        .putInt((int) crc.getValue() + crcError)
        .putInt(data.remaining())
        .putInt(5)
        .putInt(0)
        .put(data)
        .put(new byte[5])
        .put((byte) 0x77)
        .array();
  }

  private static ByteBuffer filled(int lengthBytes, int value) {
    byte[] bytes = new byte[lengthBytes];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }
}
