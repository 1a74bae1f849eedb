package lcr;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** {@code snapshots OURS UKCORE} writes snapshots; {@code validate FOLDER…} judges what comes in by these definitions. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        // What HAPI says on standard output would be taken for findings.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        List<Path> paths = Arrays.stream(arguments).skip(1).map(Path::of).toList();
        switch (arguments[0]) {
            case "snapshots" -> Snapshots.write(paths.get(0), paths.get(1));
            case "validate" -> Validation.run(
                paths, new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), out);
            default -> throw new IllegalArgumentException("unknown: " + arguments[0]);
        }
    }
}
