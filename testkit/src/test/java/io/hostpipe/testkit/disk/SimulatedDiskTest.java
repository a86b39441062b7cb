package io.hostpipe.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SimulatedDiskTest {
  private static final Path FILE = SimulatedDisk.ROOT.resolve("a");
  private static final Path OTHER = SimulatedDisk.ROOT.resolve("b");
  private static final int SEEDS = 1_000;

  private final SimulatedDisk disk = new SimulatedDisk(1);

  @Test
  void whatWasWrittenIsReadAndSurvivesAKilledProcess() throws IOException {
    try (DiskFile file = disk.open(FILE)) {
      file.write(new ByteBuffer[] {bytes("one"), bytes("two"), bytes("not")}, 2, 2);
    }
    SimulatedDisk next = disk.afterKill();
    assertThat(next.content(FILE)).isEqualTo("\0\0onetwo".getBytes(StandardCharsets.UTF_8));
    assertThat(next.list(SimulatedDisk.ROOT)).containsExactly(FILE);
    try (DiskFile file = next.open(FILE)) {
      file.write(bytes("X"), 0);
    }
    assertThat(disk.content(FILE)).startsWith(0);
  }

  @Test
  void whatWasSyncedWithItsNameSurvivesALossOfPower() throws IOException {
    try (DiskFile file = disk.open(FILE)) {
      file.write(bytes("kept"), 0);
      file.sync();
      disk.syncFolder(SimulatedDisk.ROOT);
      file.write(bytes("lost"), 0);
    }
    Set<String> left = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      left.add(text(disk.afterPowerLoss(seed).content(FILE)));
    }
    assertThat(left).containsExactlyInAnyOrder("kept", "lost");
  }

  @Test
  void aNameThatWasNotSyncedMayBeLostThoughTheBytesWere() throws IOException {
    try (DiskFile file = disk.open(FILE)) {
      file.write(bytes("kept"), 0);
      file.sync();
    }
    assertThat(disk.lastingContent(FILE)).isNull();
    Set<String> left = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      left.add(text(disk.afterPowerLoss(seed).content(FILE)));
    }
    assertThat(left).containsExactlyInAnyOrder("kept", "none");
  }

  @Test
  void aMoveIsSeenWholeOrNotAtAll() throws IOException {
    write(FILE, "new");
    write(OTHER, "old");
    disk.settle();
    disk.move(FILE, OTHER);
    Set<String> left = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk next = disk.afterPowerLoss(seed);
      left.add(text(next.content(FILE)) + " " + text(next.content(OTHER)));
    }
    assertThat(left).containsExactlyInAnyOrder("new old", "none new");
  }

  @Test
  void changesOfOneNameKeepTheirOrder() throws IOException {
    write(FILE, "first");
    disk.settle();
    disk.delete(FILE);
    write(FILE, "second");
    disk.move(FILE, OTHER);
    Set<String> left = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk next = disk.afterPowerLoss(seed);
      left.add(
          (next.exists(FILE) ? "a" + there(next, FILE).length : "-")
              + (next.exists(OTHER) ? "b" + there(next, OTHER).length : "-"));
    }
    assertThat(left).containsExactlyInAnyOrder("a5-", "--", "a0-", "a6-", "-b0", "-b6");
  }

  @Test
  void aWriteIsTornAtSectorsAndInAnyOrder() throws IOException {
    try (DiskFile file = disk.open(FILE)) {
      file.write(ByteBuffer.wrap(filled(1, 4 * 512)), 0);
      disk.settle();
      file.write(ByteBuffer.wrap(filled(2, 4 * 512)), 0);
    }
    Set<String> left = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] content = there(disk.afterPowerLoss(seed), FILE);
      StringBuilder sectors = new StringBuilder();
      for (int i = 0; i < content.length; i += 512) {
        assertThat(Arrays.copyOfRange(content, i, i + 512)).containsOnly(content[i]);
        sectors.append(content[i]);
      }
      left.add(sectors.toString());
    }
    assertThat(left).hasSize(16);
  }

  @Test
  void aLengthMayComeWithoutItsBytesAndBytesWithoutTheirLength() throws IOException {
    try (DiskFile file = disk.open(FILE)) {
      file.write(ByteBuffer.wrap(filled(1, 100)), 0);
      disk.settle();
      file.write(ByteBuffer.wrap(filled(2, 1000)), 100);
    }
    Set<String> left = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] content = there(disk.afterPowerLoss(seed), FILE);
      assertThat(Arrays.copyOf(content, 100)).containsOnly(1);
      left.add(content.length + (content.length < 1100 ? "" : ":" + content[100] + content[600]));
    }
    assertThat(left)
        .containsExactlyInAnyOrder(
            "100", "512", "1024", "1100:00", "1100:20", "1100:02", "1100:22");
  }

  @Test
  void whatAFailedSyncLostStaysLostThoughTheNextOneSucceeds() throws IOException {
    int lost = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk one = new SimulatedDisk(seed).fail(DiskCall.SYNC, 1, DiskFault.IO_ERROR);
      try (DiskFile file = one.open(FILE)) {
        one.settle();
        file.write(bytes("data"), 0);
        assertThatThrownBy(file::sync).isInstanceOf(IOException.class);
        file.sync();
        assertThat(text(one.content(FILE))).isEqualTo("data");
        lost += text(one.lastingContent(FILE)).equals("data") ? 0 : 1;
      }
    }
    assertThat(lost).isBetween(1, SEEDS - 1);
  }

  @Test
  void aCrashCanBePutBeforeEachChange() throws IOException {
    writeAndSync(disk);
    long changes = disk.changes();
    assertThat(changes).isEqualTo(4);
    Set<Integer> lengths = new HashSet<>();
    for (int change = 1; change <= changes; change++) {
      for (int seed = 0; seed < SEEDS; seed++) {
        SimulatedDisk one = new SimulatedDisk(seed).crashBefore(change);
        assertThatThrownBy(() -> writeAndSync(one)).isInstanceOf(DiskCrash.class);
        assertThatThrownBy(() -> one.exists(FILE)).isInstanceOf(DiskCrash.class);
        assertThat(one.changes()).isEqualTo(change);
        byte @Nullable [] content = one.content(FILE);
        lengths.add(content == null ? -1 : content.length);
        assertThat(one.afterKill().exists(FILE)).isEqualTo(change > 1);
      }
    }
    assertThat(lengths).contains(-1, 0, 1, 2, 3, 4);
  }

  @Test
  void aSmallDiskTakesWhatFitsAndThenSomeMoreWhenRoomWasMade() throws IOException {
    disk.limitTo(6);
    write(OTHER, "four");
    try (DiskFile file = disk.open(FILE)) {
      assertThatThrownBy(() -> file.write(bytes("four"), 0)).hasMessage("No space left on device");
      assertThat(text(disk.content(FILE))).isEqualTo("fo");
      assertThat(disk.usableBytes(SimulatedDisk.ROOT)).isZero();
      file.write(bytes("FO"), 0);
      disk.delete(OTHER);
      file.write(bytes("four"), 0);
    }
    assertThat(text(disk.content(FILE))).isEqualTo("four");
  }

  @Test
  void callsFailWhereTheyArePlannedTo() throws IOException {
    disk.fail(DiskCall.WRITE, 2, 2, DiskFault.FULL).fail(null, 6, 1, DiskFault.IO_ERROR);
    try (DiskFile file = disk.open(FILE)) {
      file.write(bytes("1"), 0);
      assertThatThrownBy(() -> file.write(bytes("2"), 0)).hasMessageContaining("No space");
      assertThatThrownBy(() -> file.write(bytes("3"), 0)).hasMessageContaining("No space");
      file.write(bytes("4"), 0);
      assertThatThrownBy(file::lengthBytes).hasMessage("Input/output error");
    }
    assertThat(disk.calls()).isEqualTo(6);
    assertThat(disk.history()).anyMatch(line -> line.contains("failed"));
  }

  @Test
  void aReadOnlyDiskIsReadAndNothingElse() throws IOException {
    write(FILE, "kept");
    disk.makeReadOnly(true);
    assertThatThrownBy(() -> disk.open(FILE)).hasMessageContaining("Read-only file system");
    assertThatThrownBy(() -> disk.delete(FILE)).hasMessageContaining("Read-only file system");
    assertThatThrownBy(() -> disk.move(FILE, OTHER)).hasMessageContaining("Read-only");
    try (DiskFile file = disk.openToRead(FILE)) {
      assertThat(file.read(ByteBuffer.allocate(10), 1)).isEqualTo(3);
    }
  }

  @Test
  void namesNeedTheirFolders() throws IOException {
    Path below = SimulatedDisk.ROOT.resolve("x/y");
    assertThatThrownBy(() -> disk.open(below.resolve("f"))).isInstanceOf(NoSuchFileException.class);
    disk.createFolders(below);
    write(below.resolve("f"), "deep");
    disk.syncFolder(below);
    assertThatThrownBy(() -> disk.delete(below)).isInstanceOf(IOException.class);
    Set<String> left = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      SimulatedDisk next = disk.afterPowerLoss(seed);
      left.add(next.exists(below) + " " + next.exists(below.resolve("f")));
    }
    assertThat(left).containsExactlyInAnyOrder("true true", "false false");
  }

  @Test
  void oneSeedLosesTheSame() throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      SimulatedDisk one = new SimulatedDisk(seed);
      SimulatedDisk two = new SimulatedDisk(seed);
      for (SimulatedDisk each : new SimulatedDisk[] {one, two}) {
        write(each, FILE, "x".repeat(5000));
        write(each, OTHER, "y".repeat(5000));
        each.move(OTHER, FILE);
      }
      assertThat(one.afterPowerLoss(seed).content(FILE))
          .isEqualTo(two.afterPowerLoss(seed).content(FILE));
    }
  }

  @Test
  void aBitDecaysOnTheDeviceToo() throws IOException {
    write(FILE, "AAAA");
    disk.settle();
    disk.flip(FILE, 2, 1);
    assertThat(text(disk.afterPowerLoss(1).content(FILE))).isEqualTo("AACA");
  }

  private static void writeAndSync(SimulatedDisk disk) throws IOException {
    try (DiskFile file = disk.open(FILE)) {
      file.write(bytes("data"), 0);
      file.sync();
      disk.syncFolder(SimulatedDisk.ROOT);
    }
  }

  private void write(Path path, String text) throws IOException {
    write(disk, path, text);
  }

  private static void write(SimulatedDisk disk, Path path, String text) throws IOException {
    try (DiskFile file = disk.open(path)) {
      file.write(bytes(text), 0);
    }
  }

  private static byte[] there(SimulatedDisk disk, Path file) {
    return Objects.requireNonNull(disk.content(file));
  }

  private static byte[] filled(int value, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static String text(byte @Nullable [] bytes) {
    return bytes == null ? "none" : new String(bytes, StandardCharsets.UTF_8);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
