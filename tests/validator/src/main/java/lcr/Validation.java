package lcr;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * HAPI's instance validator over lines of standard input, each {"name", "profiles", "text"}, with the definitions of some
 * folders beside R4's. Every finding is a line of JSON; the last line says how many resources were looked at.
 *
 * <p>Code systems that nobody here has (SNOMED CT, dm+d, LOINC) give a warning, never an error: their codes are not judged.
 */
final class Validation {
    private Validation() {}

    static void run(List<Path> definitions, BufferedReader in, PrintStream out) throws IOException {
        FhirValidator validator = validator(definitions);
        List<String> lines = in.lines().toList();
        List<String> found = lines.parallelStream().map(line -> one(validator, line)).toList();
        found.forEach(out::print);
        JsonObject end = new JsonObject();
        end.addProperty("validated", found.size());
        out.println(end);
    }

    /** The findings of one line. */
    private static String one(FhirValidator validator, String line) {
        JsonObject asked = JsonParser.parseString(line).getAsJsonObject();
        ValidationOptions options = new ValidationOptions();
        for (JsonElement profile : asked.getAsJsonArray("profiles")) {
            options.addProfile(profile.getAsString());
        }
        String name = asked.get("name").getAsString();
        return validator.validateWithResult(asked.get("text").getAsString(), options).getMessages().stream()
            .map(message -> finding(name, message) + "\n")
            .collect(Collectors.joining());
    }

    private static JsonObject finding(String name, SingleValidationMessage message) {
        JsonObject finding = new JsonObject();
        finding.addProperty("name", name);
        finding.addProperty("severity", message.getSeverity().getCode());
        finding.addProperty("at", message.getLocationString());
        finding.addProperty("id", message.getMessageId());
        finding.addProperty("message", message.getMessage());
        return finding;
    }

    private static FhirValidator validator(List<Path> definitions) throws IOException {
        FhirContext context = FhirContext.forR4();
        PrePopulatedValidationSupport known = new PrePopulatedValidationSupport(context);
        for (Path folder : definitions) {
            for (Path file : JsonFiles.in(folder)) {
                IBaseResource resource = context.newJsonParser().parseResource(Files.readString(file));
                known.addResource(resource);
            }
        }
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
        unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
        ValidationSupportChain chain = new ValidationSupportChain(
            known,
            new DefaultProfileValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context),
            unknown);
        FhirInstanceValidator instances = new FhirInstanceValidator(chain);
        instances.setAnyExtensionsAllowed(true);
        instances.setErrorForUnknownProfiles(false);
        instances.setAssumeValidRestReferences(true);
        instances.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
        FhirValidator validator = context.newValidator();
        validator.registerValidatorModule(instances);
        return validator;
    }
}
