package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.access.DialToken;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One end of a pipe as the command line names it: an address, the words behind it that are its
 * options, and the connector that answers for it.
 *
 * @param address with its options, as its connector is given them
 * @param shown the address as the user wrote it
 * @param connector answers for it
 * @param intake how many pipes it takes, where it waits for them
 */
record End(Address address, Address shown, Connector connector, Intake intake) {
  /** The option of a destination that goes on where it stood. */
  private static final String RESUME = "resume";

  private static final String APPEND = "append";
  private static final String OVERWRITE = "overwrite";

  End(Address address, Connector connector, Intake intake) {
    this(address, address, connector, intake);
  }

  /** What its scheme does. */
  Connector.Kind kind() {
    return connector.kind(address);
  }

  /** Whether a peer stands behind it. */
  boolean isLink() {
    return kind() != Connector.Kind.STORES;
  }

  /** Whether it tells what has arrived; of what does not, it is known what was handed over. */
  boolean confirms() {
    return !isLink() || capabilities().best() != Guarantee.AT_MOST_ONCE;
  }

  /** Whether it waits for its peers. */
  boolean listens() {
    return kind() == Connector.Kind.LISTENS;
  }

  /** Whether its streams may leave and come back while this process runs. */
  boolean streamsComeBack() {
    return connector.streamsComeBack(address);
  }

  /** What it promises. */
  Capabilities capabilities() {
    return connector.capabilities(address);
  }

  /** The same, keeping how far its streams are where it can: its process may be started again. */
  End keepingPlaces() {
    boolean keeps =
        connector.options(address.scheme()).stream().anyMatch(each -> each.name().equals(RESUME));
    return keeps ? new End(address.withOption(RESUME, "true"), shown, connector, intake) : this;
  }

  /** The same, written behind what it has where it can be. */
  End appending() {
    boolean appends =
        address.option(OVERWRITE) == null
            && connector.options(address.scheme()).stream()
                .anyMatch(each -> each.name().equals(APPEND));
    return appends ? new End(address.withOption(APPEND, "true"), shown, connector, intake) : this;
  }

  /** The same for more of what was written there just now. */
  End goingOn() {
    return new End(address.withoutOption(OVERWRITE), shown, connector, intake).appending();
  }

  /** Where it is, without secrets and whatever the options say: the same for each start. */
  String place() {
    if (address.scheme().equals(Address.FILE)) {
      return Path.of(address.path()).toAbsolutePath().normalize().toString();
    }
    Address plain = address;
    for (String name : address.options().keySet()) {
      plain = plain.withoutOption(name);
    }
    return plain.toString();
  }

  /** The address for later, without secrets: the same from wherever it is read. */
  String placeAndOptions() {
    return address.scheme().equals(Address.FILE) ? place() : shown.toString();
  }

  /** The address for people, without secrets. */
  @Override
  public String toString() {
    return shown.toString();
  }

  /**
   * Reads ends from words: each address takes the option words behind it.
   *
   * @throws PipeException Config at the first word that is neither an address nor an option of the
   *     address before it; it names the nearest of both
   */
  static List<End> parse(List<String> words, Catalog catalog, Console console)
      throws PipeException {
    List<End> ends = new ArrayList<>();
    for (String word : words) {
      if (AddressWords.looksLikeOne(word)) {
        Address address = AddressWords.read(word, console);
        End end = new End(address, catalog.connector(address), Intake.ONE);
        for (String name : address.options().keySet()) {
          end.checkOption(name, catalog);
        }
        ends.add(end);
      } else if (ends.isEmpty()) {
        throw new PipeException.Config(
            AddressWords.shown(word)
                + " is no address, and options stand behind one"
                + AddressWords.hint(word));
      } else {
        ends.add(ends.removeLast().withOptionWord(word, catalog));
      }
    }
    List<End> read = new ArrayList<>();
    for (End end : ends) {
      read.add(end.withIntake());
    }
    return read;
  }

  /** Takes the words that say how many pipes there are to be out of the address. */
  private End withIntake() throws PipeException {
    Intake intended = Intake.of(address);
    if (intended.many() && !listens()) {
      throw new PipeException.Config(
          "'keep' and 'fan-in' are for what gives many pipes, and " + address + " gives one");
    }
    // A pattern means all that matches, without a word that says so.
    boolean manyByItself = listens() && connector.kind(address.scheme()) == Connector.Kind.STORES;
    return new End(
        Intake.without(address),
        connector,
        manyByItself && !intended.many() ? Intake.ALL : intended);
  }

  /**
   * One address that is the value of a flag; its options stand in it.
   *
   * @param flag for messages about it
   */
  static End alone(String flag, String word, Catalog catalog, Console console)
      throws PipeException {
    if (!AddressWords.looksLikeOne(word)) {
      throw new PipeException.Config(
          flag
              + ": "
              + AddressWords.shown(word)
              + " is no address (./path, /path or scheme://host:port/name)"
              + AddressWords.hint(word));
    }
    Address address = AddressWords.read(word, console);
    End end = new End(address, catalog.connector(address), Intake.ONE);
    for (String name : address.options().keySet()) {
      end.checkOption(name, catalog);
    }
    return end;
  }

  /** The programs between source and sink: commands as they are, or addresses. */
  static List<End> filters(List<String> commands, Catalog catalog) throws PipeException {
    List<End> filters = new ArrayList<>();
    for (String command : commands) {
      String prefix = Address.EXEC + ":";
      Address address = Address.parse(command.startsWith(prefix) ? command : prefix + command);
      filters.add(new End(address, catalog.connector(address), Intake.ONE));
    }
    return List.copyOf(filters);
  }

  /**
   * More carriers for the one of the ends that is a link.
   *
   * @throws PipeException Config when they cannot stand in for it
   */
  static List<End> vias(List<String> words, List<End> ends, Catalog catalog, Console console)
      throws PipeException {
    List<End> vias = new ArrayList<>();
    for (String word : words) {
      End via = alone("--via", word, catalog, console);
      List<End> links = ends.stream().filter(End::isLink).toList();
      if (links.size() != 1) {
        throw new PipeException.Config(
            "--via is another way to the peer, and "
                + (links.isEmpty() ? "no end is one" : "more than one end is one")
                + "; run one command for each");
      }
      via.refuseToStandInFor(links.getFirst());
      vias.add(via);
    }
    return List.copyOf(vias);
  }

  private void refuseToStandInFor(End first) throws PipeException {
    Connector.Carriage carriage = carriage();
    for (End each : List.of(first, this)) {
      if (each.carriage() == Connector.Carriage.NONE) {
        throw new PipeException.Config(
            "--via: no session goes on over " + each + " that began elsewhere, or the reverse");
      }
    }
    if (listens() != first.listens()) {
      throw new PipeException.Config(
          "--via " + this + ": it " + doing() + ", and " + first + " " + first.doing());
    }
    if (carriage != first.carriage()) {
      throw new PipeException.Config(
          "--via "
              + this
              + ": one of it and "
              + first
              + " is encrypted and the other is not; whoever breaks the first could read the"
              + " second");
    }
    if (hasToken() != first.hasToken()) {
      throw new PipeException.Config(
          "--via "
              + this
              + ": one of it and "
              + first
              + " has a token and the other has none; a stream belongs to one token, so say the"
              + " same token= for all its addresses");
    }
    String token = tokenName();
    if (token != null && !token.equals(first.tokenName())) {
      throw new PipeException.Config(
          "--via "
              + this
              + ": its token is that of "
              + token
              + ", and "
              + first
              + " has that of "
              + first.tokenName()
              + "; a stream belongs to one token, so say the same token= for all its addresses");
    }
  }

  /** Whose token it is; null without one. */
  private @Nullable String tokenName() throws PipeException {
    String place = address.option("token");
    return place == null ? null : DialToken.of(place).current().name();
  }

  private Connector.Carriage carriage() {
    return connector.carriage(address.scheme());
  }

  private boolean hasToken() {
    return address.option("token") != null;
  }

  private String doing() {
    return listens() ? "waits" : "dials";
  }

  private End withOptionWord(String word, Catalog catalog) throws PipeException {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    OptionSpec option = catalog.option(address.scheme(), name);
    if (option == null) {
      throw neither(word, name, catalog);
    }
    if (address.option(name) != null && !option.repeatable()) {
      throw new PipeException.Config("'" + name + "' was given twice for " + address);
    }
    if (option.form() == null && equals >= 0) {
      throw new PipeException.Config("'" + name + "' of " + address + " takes no value");
    }
    if (option.form() != null && equals < 0) {
      throw new PipeException.Config(
          "'" + name + "' of " + address + " wants a value: " + Catalog.usage(option));
    }
    String value = equals < 0 ? "true" : word.substring(equals + 1);
    return new End(
        option.repeatable()
            ? address.withAddedOption(name, value)
            : address.withOption(name, value),
        connector,
        intake);
  }

  private void checkOption(String name, Catalog catalog) throws PipeException {
    OptionSpec option = catalog.option(address.scheme(), name);
    if (option == null) {
      throw new PipeException.Config(
          "'" + name + "' is no option of " + withoutOptions() + knownOptions(name, catalog));
    }
  }

  /** The value of an option that nobody knows may be a secret. */
  private String withoutOptions() {
    String shown = address.toString();
    int question = shown.indexOf('?');
    return question < 0 ? shown : shown.substring(0, question);
  }

  private PipeException neither(String word, String name, Catalog catalog) {
    int colon = word.indexOf(':');
    String scheme = colon <= 0 ? null : Nearest.of(word.substring(0, colon), catalog.schemes());
    String hint;
    if (scheme != null) {
      hint = "; did you mean " + scheme + "://…?";
    } else {
      hint = AddressWords.hint(word);
    }
    return new PipeException.Config(
        AddressWords.shown(word)
            + " is neither an address nor an option of "
            + address
            + (hint.isEmpty() ? knownOptions(name, catalog) : hint));
  }

  private String knownOptions(String name, Catalog catalog) {
    List<String> names = catalog.optionNames(address.scheme());
    String hint = Nearest.hint(name, names);
    if (!hint.isEmpty()) {
      return hint;
    }
    return names.isEmpty() ? ", which has none" : "; it has " + String.join(", ", names);
  }
}
