package io.hostpipe.cli;

import java.util.List;
import java.util.Locale;

/** Writes one JSON object (RFC 8259) on one line. Thread rule: one thread. */
final class Json {
  private final StringBuilder object = new StringBuilder("{");

  Json text(String name, String value) {
    name(name);
    quote(value);
    return this;
  }

  Json number(String name, long value) {
    name(name);
    object.append(value);
    return this;
  }

  /** With three digits behind the point. */
  Json decimal(String name, double value) {
    name(name);
    object.append(String.format(Locale.ROOT, "%.3f", value));
    return this;
  }

  /** A list of objects, each of which is written already. */
  Json objects(String name, List<String> objects) {
    name(name);
    object.append('[').append(String.join(",", objects)).append(']');
    return this;
  }

  Json bool(String name, boolean value) {
    name(name);
    object.append(value);
    return this;
  }

  String end() {
    return object.append('}').toString();
  }

  private void name(String name) {
    if (object.length() > 1) {
      object.append(',');
    }
    quote(name);
    object.append(':');
  }

  private void quote(String value) {
    object.append('"');
    for (int index = 0; index < value.length(); index++) {
      char c = value.charAt(index);
      if (c == '"' || c == '\\') {
        object.append('\\').append(c);
      } else if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        object.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        object.append(c);
      }
    }
    object.append('"');
  }
}
