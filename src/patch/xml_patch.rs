//! XML Patch.
