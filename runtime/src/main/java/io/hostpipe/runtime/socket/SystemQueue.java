package io.hostpipe.runtime.socket;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the system still holds of what was written to a TCP connection, as Linux lists it in {@code
 * /proc/net/tcp} and {@code tcp6}.
 *
 * <p>The JDK has no call for it, and without it nobody could tell a peer that has everything from
 * one that reads no more. Columns: number, own address, peer's address, state, and {@code
 * sent:received} with the unacknowledged bytes in front, all hexadecimal; an address is written in
 * the byte order of the machine, four bytes at a time.
 */
final class SystemQueue {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

  private static final int OWN_COLUMN = 1;
  private static final int PEER_COLUMN = 2;
  private static final int QUEUES_COLUMN = 4;

  private SystemQueue() {}

  /** Whether nothing is unacknowledged; also when the connection is gone, or nobody can tell. */
  static boolean isEmpty(SocketChannel channel) {
    try {
      if (!(channel.getLocalAddress() instanceof InetSocketAddress own)
          || !(channel.getRemoteAddress() instanceof InetSocketAddress peer)) {
        return true;
      }
      for (Path table : TABLES) {
        if (Files.isReadable(table) && holdsBytes(table, own, peer)) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      // A closed channel, or a system without these tables.
      return true;
    }
  }

  private static boolean holdsBytes(Path table, InetSocketAddress own, InetSocketAddress peer)
      throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(table)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] columns = line.strip().split("\\s+", QUEUES_COLUMN + 2);
        if (columns.length > QUEUES_COLUMN
            && isAt(columns[OWN_COLUMN], own)
            && isAt(columns[PEER_COLUMN], peer)) {
          return !columns[QUEUES_COLUMN].startsWith("00000000:");
        }
      }
    }
    return false;
  }

  private static boolean isAt(String column, InetSocketAddress address) {
    int colon = column.indexOf(':');
    return colon > 0
        && column.substring(colon + 1).equals(String.format("%04X", address.getPort()))
        && column.substring(0, colon).endsWith(listed(address));
  }

  /** An IPv4 address is the end of the IPv6 one that it is mapped to. */
  static String listed(InetSocketAddress address) {
    byte[] bytes = address.getAddress().getAddress();
    StringBuilder text = new StringBuilder(2 * bytes.length);
    boolean littleEndian = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    for (int index = 0; index < bytes.length; index++) {
      int at = littleEndian ? index / 4 * 4 + 3 - index % 4 : index;
      text.append(String.format("%02X", bytes[at]));
    }
    return text.toString();
  }
}
