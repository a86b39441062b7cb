package io.hostpipe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RealDiskTest {
  private final RealDisk disk = RealDisk.INSTANCE;

  @TempDir Path folder;

  @Test
  void buffersOfOneWriteLieBehindEachOther() throws IOException {
    Path path = folder.resolve("a");
    try (DiskFile file = disk.open(path)) {
      file.write(new ByteBuffer[] {bytes("one"), bytes(""), bytes("two"), bytes("not")}, 3, 2);
      file.sync();
      assertThat(file.lengthBytes()).isEqualTo(8);
      ByteBuffer read = ByteBuffer.allocate(16);
      assertThat(file.read(read, 2)).isEqualTo(6);
      assertThat(new String(read.array(), 0, 6, StandardCharsets.UTF_8)).isEqualTo("onetwo");
      assertThat(file.read(read, 8)).isZero();
    }
  }

  @Test
  void aFileMovesOverAnotherAndIsListedByItsNewName() throws IOException {
    Files.writeString(folder.resolve("b"), "old");
    try (DiskFile file = disk.open(folder.resolve("a"))) {
      file.write(bytes("new"), 0);
    }
    disk.move(folder.resolve("a"), folder.resolve("b"));
    disk.syncFolder(folder);
    assertThat(disk.list(folder)).containsExactly(folder.resolve("b"));
    assertThat(folder.resolve("b")).hasContent("new");
    disk.delete(folder.resolve("b"));
    assertThat(disk.exists(folder.resolve("b"))).isFalse();
  }

  @Test
  void whatIsOnlyReadHasToBeThere() {
    assertThatThrownBy(() -> disk.openToRead(folder.resolve("none")))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(folder.resolve("none")).doesNotExist();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
