package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message of a stream: the sections of AMQP 1.0 (section 3.2), which the server shows to clients
 * of queues as properties and headers.
 *
 * @param payload its data; another body as text
 * @param properties what AMQP 0-9-1 has a property for, and everything else by its name
 * @param routingKey that it came to an exchange with; empty when it did not
 * @param place that Hostpipe wrote; null for a message of another program
 */
record StreamMessage(
    ByteBuffer payload,
    BasicProperties properties,
    String routingKey,
    @Nullable StreamPlace place) {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private static final BasicProperties NONE =
      new BasicProperties.Builder().headers(Map.of()).build();

  private static final int MESSAGE_ANNOTATIONS = 0x72;
  private static final int PROPERTIES = 0x73;
  private static final int APPLICATION_PROPERTIES = 0x74;
  private static final int DATA = 0x75;
  private static final int SEQUENCE = 0x76;
  private static final int VALUE = 0x77;

  /** Where the properties stand in their list. */
  private static final int ID = 0;

  private static final int REPLY_TO = 4;
  private static final int CORRELATION_ID = 5;
  private static final int CONTENT_TYPE = 6;
  private static final int CREATION_TIME = 9;

  private static final String EXCHANGE = "x-exchange";
  private static final String ROUTING_KEY = "x-routing-key";

  /** The headers of the message in a record. */
  Headers headers() {
    return AmqpHeaders.read(properties, routingKey);
  }

  /** The bytes that a message with these headers and this place is in a stream. */
  static byte[] write(Headers headers, StreamPlace place, ByteBuffer payload) {
    byte[] propertiesBytes = {};
    Map<String, Object> table = Map.of();
    if (!headers.isEmpty()) {
      BasicProperties properties = AmqpHeaders.write(headers, null);
      propertiesBytes = section(properties);
      table = AmqpHeaders.table(properties);
    }
    Amqp10Writer inside = new Amqp10Writer();
    int count = 2;
    inside.value(Place.HEADER).value(place.text());
    for (Map.Entry<String, Object> each : table.entrySet()) {
      inside.value(each.getKey()).value(simple(each.getValue()));
      count += 2;
    }
    byte[] applicationBytes = inside.toBytes();
    // Of just the length that it will have: nothing of the payload is copied twice.
    int lengthBytes =
        propertiesBytes.length
            + 2 * Amqp10Writer.SECTION_BYTES
            + Amqp10Writer.COMPOUND_BYTES
            + applicationBytes.length
            + Amqp10Writer.binaryBytes(payload.remaining());
    return new Amqp10Writer(lengthBytes)
        .raw(propertiesBytes)
        .section(APPLICATION_PROPERTIES)
        .compound(Amqp10.MAP_32, count, applicationBytes)
        .section(DATA)
        .binary(payload)
        .toBytes();
  }

  private static byte[] section(BasicProperties properties) {
    Amqp10Writer inside = new Amqp10Writer();
    for (int index = 0; index < CREATION_TIME + 1; index++) {
      switch (index) {
        case ID -> inside.value(properties.getMessageId());
        case REPLY_TO -> inside.value(properties.getReplyTo());
        case CORRELATION_ID -> inside.value(properties.getCorrelationId());
        case CONTENT_TYPE -> inside.symbol(properties.getContentType());
        case CREATION_TIME -> inside.value(properties.getTimestamp());
        default -> inside.value(null);
      }
    }
    return new Amqp10Writer()
        .section(PROPERTIES)
        .compound(Amqp10.LIST_32, CREATION_TIME + 1, inside.toBytes())
        .toBytes();
  }

  /** The properties of an application are no lists: one is kept as its bytes. */
  private static Object simple(Object value) {
    return value instanceof List<?> list ? new Amqp10Writer().value(list).toBytes() : value;
  }

  /**
   * Reads one.
   *
   * @throws PipeException Refused, when the bytes are no message of AMQP 1.0
   */
  static StreamMessage read(String where, StreamChunk.Message message) throws PipeException {
    try {
      return new Parts().read(message.bytes().duplicate());
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          where
              + ": the message with offset "
              + message.offset()
              + " is none of AMQP 1.0 ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** What was found of a message so far. */
  private static final class Parts {
    private final Map<String, Object> table = new HashMap<>();
    private BasicProperties.@Nullable Builder properties;
    private ByteBuffer body = NOTHING;
    private String routingKey = "";
    private @Nullable StreamPlace place;

    StreamMessage read(ByteBuffer in) {
      while (in.hasRemaining()) {
        long section = Amqp10.descriptor(in);
        ByteBuffer data = section == DATA ? Amqp10.binary(in) : null;
        if (data != null) {
          add(data);
          continue;
        }
        Object value = Amqp10.value(in);
        switch ((int) section) {
          case MESSAGE_ANNOTATIONS -> annotations(value);
          case PROPERTIES -> properties(value);
          case APPLICATION_PROPERTIES -> application(value);
          case DATA, SEQUENCE, VALUE -> add(ByteBuffer.wrap(bytes(value)));
          default -> {
            // About the way of the message, not about itself.
          }
        }
      }
      return new StreamMessage(body, built(), routingKey, place);
    }

    private BasicProperties built() {
      BasicProperties.Builder builder = properties;
      if (builder == null && table.isEmpty()) {
        return NONE;
      }
      return (builder == null ? new BasicProperties.Builder() : builder).headers(table).build();
    }

    /** A body of one part, as nearly all are, stays where it is. */
    private void add(ByteBuffer more) {
      if (!body.hasRemaining()) {
        body = more;
        return;
      }
      ByteBuffer both = ByteBuffer.allocate(body.remaining() + more.remaining());
      body = both.put(body.duplicate()).put(more.duplicate()).flip();
    }

    /** Of a message that came by AMQP 0-9-1, all headers whose names begin with x- stand here. */
    private void annotations(@Nullable Object value) {
      if (value instanceof Map<?, ?> map) {
        Object exchange = map.get(EXCHANGE);
        Object key = map.get(ROUTING_KEY);
        if (exchange != null && !exchange.equals("") && key != null) {
          routingKey = key.toString();
        }
        map.forEach((name, each) -> {
          if (each != null && !name.equals(EXCHANGE) && !name.equals(ROUTING_KEY)) {
            table.put(name.toString(), each);
          }
        });
      }
    }

    private void properties(@Nullable Object value) {
      if (value instanceof List<?> list) {
        properties =
            new BasicProperties.Builder()
                .messageId(text(list, ID))
                .replyTo(text(list, REPLY_TO))
                .correlationId(text(list, CORRELATION_ID))
                .contentType(text(list, CONTENT_TYPE))
                .timestamp(
                    list.size() > CREATION_TIME && list.get(CREATION_TIME) instanceof Instant time
                        ? Date.from(time)
                        : null);
      }
    }

    private void application(@Nullable Object value) {
      if (value instanceof Map<?, ?> map) {
        map.forEach((name, each) -> {
          if (name.equals(Place.HEADER)) {
            place = StreamPlace.of(each);
          } else if (name.equals(AmqpHeaders.EXACT) && each instanceof byte[] kept) {
            if (list(kept) instanceof List<?> exact) {
              table.put(AmqpHeaders.EXACT, exact);
            }
          } else if (each != null) {
            table.put(name.toString(), each);
          }
        });
      }
    }

    /** What was kept as its bytes; null when they are not of our making. */
    private static @Nullable Object list(byte[] kept) {
      try {
        return Amqp10.value(ByteBuffer.wrap(kept));
      } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
        return null;
      }
    }

    private static @Nullable String text(List<?> list, int index) {
      Object value = index < list.size() ? list.get(index) : null;
      return value == null ? null : new String(bytes(value), UTF_8);
    }

    private static byte[] bytes(@Nullable Object value) {
      return value == null ? new byte[0] : AmqpHeaders.bytes(value);
    }
  }
}
