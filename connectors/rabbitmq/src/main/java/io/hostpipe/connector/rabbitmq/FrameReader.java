package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The body of one frame of RabbitMQ's stream protocol. Static; moves the buffer's position. */
final class FrameReader {
  private FrameReader() {}

  static String text(ByteBuffer in) {
    int lengthBytes = in.getShort();
    return lengthBytes < 0 ? "" : utf8(in, lengthBytes);
  }

  static List<String> texts(ByteBuffer in) {
    List<String> values = new ArrayList<>();
    for (int count = in.getInt(); count > 0; count--) {
      values.add(text(in));
    }
    return values;
  }

  static Map<String, String> map(ByteBuffer in) {
    Map<String, String> values = new LinkedHashMap<>();
    for (int count = in.getInt(); count > 0; count--) {
      String name = text(in);
      values.put(name, text(in));
    }
    return values;
  }

  /** So many bytes as text. */
  static String utf8(ByteBuffer in, int lengthBytes) {
    String value = UTF_8.decode(in.slice(in.position(), lengthBytes)).toString();
    in.position(in.position() + lengthBytes);
    return value;
  }
}
