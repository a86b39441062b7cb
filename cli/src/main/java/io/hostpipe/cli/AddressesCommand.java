package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import java.util.List;

/** {@code hostpipe addresses}: the schemes there are, and the options of one. */
final class AddressesCommand {
  private AddressesCommand() {}

  static ExitCode run(Invocation invocation, Catalog catalog, Console console)
      throws PipeException {
    List<String> words = invocation.words();
    StringBuilder text = new StringBuilder(1_024);
    switch (words.size()) {
      case 0 -> {
        for (String scheme : catalog.schemes()) {
          HelpText.row(text, scheme, catalog.connector(scheme).help(scheme));
        }
        text.append("\n'hostpipe addresses SCHEME' shows the options of one.\n");
      }
      case 1 -> describe(words.getFirst(), catalog, text);
      default ->
          throw new PipeException.Config("one scheme at a time: " + invocation.command().usage());
    }
    console.answer(text.toString());
    return ExitCode.OK;
  }

  private static void describe(String word, Catalog catalog, StringBuilder text)
      throws PipeException {
    String scheme = word.endsWith("://") ? word.substring(0, word.length() - 3) : word;
    if (!catalog.schemes().contains(scheme)) {
      throw catalog.unknownScheme(scheme);
    }
    Connector connector = catalog.connector(scheme);
    text.append(connector.help(scheme)).append('\n');
    List<OptionSpec> options = catalog.options(scheme);
    text.append(
        options.isEmpty() ? "It has no options.\n" : "options (words behind the address)\n");
    for (OptionSpec option : options) {
      String standard = option.defaultValue() == null ? "" : " (" + option.defaultValue() + ")";
      HelpText.row(text, Catalog.usage(option), option.help() + standard);
    }
  }
}
