package lcr;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.r4.model.StructureDefinition;

/**
 * Writes the snapshot of every StructureDefinition of a folder with HAPI's generator. What stands before the snapshot is
 * people's and stays as it is, byte for byte.
 */
final class Snapshots {
    /** What a checker needs of an element, in this order; all else of R4's and UK Core's elements is left out. */
    private static final List<String> KEPT = List.of(
        "id", "path", "sliceName", "slicing", "short", "definition", "min", "max", "base", "contentReference", "type",
        "maxLength", "constraint", "mustSupport", "isModifier", "isModifierReason", "isSummary", "binding");

    private static final String START = "  \"snapshot\": {";
    private static final String INHERITED = "As in the base.";

    private Snapshots() {}

    static void write(Path ours, Path ukCore) throws IOException {
        FhirContext context = FhirContext.forR4();
        PrePopulatedValidationSupport known = new PrePopulatedValidationSupport(context);
        for (Path file : JsonFiles.in(ukCore.resolve("structuredefinitions"))) {
            known.addStructureDefinition(parse(context, Files.readString(file)));
        }
        Map<Path, String> authored = new LinkedHashMap<>();
        for (Path file : JsonFiles.in(ours.resolve("StructureDefinition"))) {
            String text = withoutSnapshot(Files.readString(file));
            authored.put(file, text);
            known.addStructureDefinition(parse(context, text));
        }
        ValidationSupportChain chain = new ValidationSupportChain(
            known, new DefaultProfileValidationSupport(context), new SnapshotGeneratingValidationSupport(context));
        for (Map.Entry<Path, String> entry : authored.entrySet()) {
            StructureDefinition definition = parse(context, entry.getValue());
            var whole = (StructureDefinition) chain.generateSnapshot(
                new ValidationSupportContext(chain), definition, definition.getUrl(), null, definition.getName());
            if (whole == null || !whole.hasSnapshot()) {
                throw new IOException(entry.getKey() + ": there is no snapshot; is its base known?");
            }
            String json = context.newJsonParser().encodeResourceToString(whole);
            String text = entry.getValue();
            Files.writeString(entry.getKey(), text.substring(0, text.lastIndexOf("\n}")) + ",\n" + lines(json, text));
        }
    }

    private static StructureDefinition parse(FhirContext context, String text) {
        return context.newJsonParser().parseResource(StructureDefinition.class, text);
    }

    /** The authored part, closed as JSON. */
    static String withoutSnapshot(String text) {
        int at = text.indexOf("\n" + START);
        return at < 0 ? text : text.substring(0, at).replaceFirst(",\\s*$", "") + "\n}\n";
    }

    /** The snapshot, slim, an element a line. */
    private static String lines(String whole, String authored) {
        Set<String> ours = new HashSet<>();
        JsonObject source = JsonParser.parseString(authored).getAsJsonObject();
        for (JsonElement element : source.getAsJsonObject("differential").getAsJsonArray("element")) {
            ours.add(element.getAsJsonObject().get("id").getAsString());
        }
        List<String> lines = new ArrayList<>();
        JsonObject snapshot = JsonParser.parseString(whole).getAsJsonObject().getAsJsonObject("snapshot");
        for (JsonElement element : snapshot.getAsJsonArray("element")) {
            lines.add("      " + slim(element.getAsJsonObject(), ours));
        }
        return START + "\n    \"element\": [\n" + String.join(",\n", lines) + "\n    ]\n  }\n}\n";
    }

    private static JsonObject slim(JsonObject element, Set<String> ours) {
        JsonObject slim = new JsonObject();
        boolean authored = ours.contains(element.get("id").getAsString()) && element.has("short");
        for (String name : KEPT) {
            if (element.has(name)) {
                slim.add(name, element.get(name));
            }
            if (name.equals("type")) {
                values(element, slim);
            }
        }
        if (!authored) {
            slim.remove("short");
        }
        slim.addProperty("definition", authored ? element.get("short").getAsString() : INHERITED);
        if (slim.has("constraint")) {
            slim.add("constraint", constraints(slim.getAsJsonArray("constraint")));
            if (slim.getAsJsonArray("constraint").isEmpty()) {
                slim.remove("constraint");
            }
        }
        for (String flag : List.of("isModifier", "isSummary")) {
            if (slim.has(flag) && !slim.get(flag).getAsBoolean()) {
                slim.remove(flag);
            }
        }
        if (slim.has("slicing")) {
            slim.getAsJsonObject("slicing").remove("description");
        }
        if (slim.has("binding")) {
            slim.getAsJsonObject("binding").remove("extension");
            slim.getAsJsonObject("binding").remove("description");
        }
        return slim;
    }

    /** fixed[x], pattern[x], minValue[x], maxValue[x]. */
    private static void values(JsonObject element, JsonObject slim) {
        for (String name : element.keySet()) {
            if (name.matches("(fixed|pattern|minValue|maxValue)[A-Z].*")) {
                slim.add(name, element.get(name));
            }
        }
    }

    /** Without XPath; and without ele-1, which every element has and every reader of JSON keeps by refusing what is empty. */
    private static JsonArray constraints(JsonArray all) {
        JsonArray kept = new JsonArray();
        for (JsonElement one : all) {
            JsonObject constraint = one.getAsJsonObject();
            constraint.remove("xpath");
            constraint.remove("extension");
            if (!constraint.get("key").getAsString().equals("ele-1")) {
                kept.add(constraint);
            }
        }
        return kept;
    }
}
