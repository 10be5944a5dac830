//! The package file, `NAME.vqm`: a zip archive without compression, named by a hash of its decoding half.
//!
//! The decoding half is `model.json`, `decoder.onnx`, `priors.bin` and, where there is one, `correction.onnx`; `model.json` holds the hash of `encoder.onnx`,
//! so that this hash covers the encoder too. `card.md`, where there is one, is for people, and no hash covers it.

use crate::config::ModelReference;
use crate::container::bytes::hex;
use crate::entropy::indices::IndexShape;
use crate::error::{Error, Result};
use crate::model::linear::{is_inverse, linear};
use crate::model::{Codebooks, Manifest, Priors};
use crate::model::{onnx, ports};
use crate::transform::LinearWeights;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The largest decoding half, compressed, that is embedded in an array's metadata, in bytes.
pub const MAX_EMBEDDED: usize = 4 << 20;
/// The largest package, in bytes, unpacked.
const MAX_PACKAGE: u64 = 1 << 30;

const MANIFEST: &str = "model.json";
const DECODER: &str = "decoder.onnx";
const ENCODER: &str = "encoder.onnx";
const CORRECTION: &str = "correction.onnx";
const PRIORS: &str = "priors.bin";
const CARD: &str = "card.md";

/// A model: a whole one with its encoder, or the decoding half of one.
#[derive(Debug)]
pub struct Model {
    manifest: Manifest,
    manifest_json: Vec<u8>,
    priors: Priors,
    decoder: Vec<u8>,
    correction: Option<Vec<u8>>,
    encoder: Option<Vec<u8>>,
    sha256: String,
    card: Option<String>,
    /// The codebooks, which `decoder` holds.
    codebooks: Option<Codebooks>,
    /// Whether `encoder` takes the step, for encoders that work in units of it.
    pub(crate) encoder_takes_step: bool,
    /// The linear map, where `decoder` is exactly the graph of the `klt` architecture.
    pub(crate) linear: Option<LinearWeights>,
    /// Whether the inverse of the linear map serves as the encoder, because `encoder` equals it or is not at hand.
    pub(crate) encodes_linearly: bool,
}

/// The parts from which a fit assembles a model.
#[derive(Clone, Debug)]
pub struct ModelParts {
    /// The manifest. Its `encoder_sha256` is filled in when the model is assembled.
    pub manifest: Manifest,
    /// The decoder's graph.
    pub decoder: Vec<u8>,
    /// The graph that corrects what the decoder gives, for tiles where that pays.
    pub correction: Option<Vec<u8>>,
    /// The encoder's graph.
    pub encoder: Vec<u8>,
    /// The statistics with which the entropy coder starts.
    pub priors: Priors,
}

impl Model {
    /// Puts a package together and checks all of it.
    pub(crate) fn new(
        manifest_json: Vec<u8>,
        decoder: Vec<u8>,
        correction: Option<Vec<u8>>,
        encoder: Option<Vec<u8>>,
        priors: &[u8],
    ) -> Result<Self> {
        let manifest = Manifest::from_json(&manifest_json)?;
        let summary = onnx::check(&decoder, &onnx::Limits::default())?;
        ports::check_decoder(&summary, manifest.codebooks.is_some())?;
        if let Some(correction) = &correction {
            let summary = onnx::check(correction, &onnx::Limits::default())?;
            ports::check_correction(&summary, manifest.codebooks.is_some(), manifest.bands.len())?;
        }
        let mut encoder_takes_step = false;
        if let Some(encoder) = &encoder {
            let summary = onnx::check(encoder, &onnx::Limits::default())?;
            encoder_takes_step = ports::check_encoder(&summary, manifest.codebooks.is_some())?;
            let found = hex(&Sha256::digest(encoder));
            if found != manifest.encoder_sha256 {
                return Err(Error::InvalidModel(format!(
                    "encoder.onnx has SHA-256 {found}, model.json says {}; get the package again",
                    manifest.encoder_sha256
                )));
            }
        }
        let mut entries = vec![(MANIFEST, manifest_json.as_slice()), (DECODER, decoder.as_slice())];
        entries.extend(correction.as_deref().map(|onnx| (CORRECTION, onnx)));
        entries.push((PRIORS, priors));
        let sha256 = hash(&entries);
        let priors = Priors::from_bytes(priors)?;
        let codebooks = manifest
            .codebooks
            .map(|shape| Codebooks::from_decoder(&decoder, manifest.quantiser, shape))
            .transpose()?;
        let fits = match (&codebooks, priors.index()) {
            (None, None) => priors.planes() == manifest.planes,
            (Some(codebooks), Some(index)) => index.shape == IndexShape::of(codebooks),
            _ => false,
        };
        if !fits {
            return Err(Error::InvalidModel(format!(
                "priors.bin describes {} planes of {}, model.json says {} of {}; get the package again",
                priors.planes(),
                if priors.index().is_some() { "indices" } else { "scalar codes" },
                manifest.planes,
                manifest.quantiser
            )));
        }
        let linear = match linear(&manifest, &decoder) {
            Ok(linear) => Some(linear),
            Err(error) if manifest.architecture == "klt" => return Err(error),
            // The decoder is a network, not a linear map.
            Err(_) => None,
        };
        let encodes_linearly = match (&linear, &encoder) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(linear), Some(encoder)) => {
                manifest.architecture == "klt" || is_inverse(encoder, &decoder, linear)
            }
        };
        Ok(Self {
            manifest,
            manifest_json,
            priors,
            decoder,
            correction,
            encoder,
            sha256,
            card: None,
            codebooks,
            encoder_takes_step,
            linear,
            encodes_linearly,
        })
    }

    /// Puts a fitted model together and checks all of it, as [`Model::from_bytes`] does.
    ///
    /// # Errors
    /// [`Error::InvalidModel`], [`Error::Limit`] and [`Error::Unsupported`] with what does not fit.
    pub fn assemble(parts: ModelParts) -> Result<Self> {
        let ModelParts { mut manifest, decoder, correction, encoder, priors } = parts;
        manifest.encoder_sha256 = hex(&Sha256::digest(&encoder));
        let json = serde_json::to_vec_pretty(&manifest)
            .map_err(|e| Error::InvalidArgument(format!("the manifest can't be written ({e})")))?;
        Self::new(json, decoder, correction, Some(encoder), &priors.to_bytes())
    }

    /// Reads a package, or the decoding half of one.
    ///
    /// # Errors
    /// [`Error::InvalidModel`], [`Error::Unsupported`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let invalid = |e: zip::result::ZipError| {
            Error::InvalidModel(format!(
                "not a model package ({e}); a zip archive of model.json, decoder.onnx, \
                                         encoder.onnx and priors.bin is needed"
            ))
        };
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(invalid)?;
        for index in 0..archive.len() {
            let file = archive.by_index_raw(index).map_err(invalid)?;
            let name = String::from_utf8_lossy(file.name_raw()).into_owned();
            if ![MANIFEST, DECODER, CORRECTION, ENCODER, PRIORS, CARD].contains(&name.as_str()) {
                return Err(Error::InvalidModel(format!(
                    "the package holds \"{name}\", allowed are model.json, decoder.onnx, correction.onnx, encoder.onnx, \
                     priors.bin and card.md"
                )));
            }
        }
        let mut left = MAX_PACKAGE;
        let mut entry = |name: &str| -> Result<Option<Vec<u8>>> {
            let file = match archive.by_name(name) {
                Ok(file) => file,
                Err(zip::result::ZipError::FileNotFound) => return Ok(None),
                Err(e) => return Err(invalid(e)),
            };
            let mut content = Vec::new();
            file.take(left + 1).read_to_end(&mut content).map_err(|e| {
                Error::InvalidModel(format!("{name} can't be unpacked ({e}); get the package again"))
            })?;
            left = left.checked_sub(content.len() as u64).ok_or_else(|| {
                Error::Limit(format!("the model package unpacks to more than {MAX_PACKAGE} bytes"))
            })?;
            Ok(Some(content))
        };
        let missing = |name: &str| Error::InvalidModel(format!("the package lacks {name}; get it again"));
        let manifest = entry(MANIFEST)?.ok_or_else(|| missing(MANIFEST))?;
        let decoder = entry(DECODER)?.ok_or_else(|| missing(DECODER))?;
        let priors = entry(PRIORS)?.ok_or_else(|| missing(PRIORS))?;
        let card = entry(CARD)?
            .map(String::from_utf8)
            .transpose()
            .map_err(|_| Error::InvalidModel("card.md is no UTF-8 text; get the package again".to_owned()))?;
        let (correction, encoder) = (entry(CORRECTION)?, entry(ENCODER)?);
        Ok(Self { card, ..Self::new(manifest, decoder, correction, encoder, &priors)? })
    }

    /// The same model with a model card: text for people, which the hash does not cover and archives do not hold.
    #[must_use]
    pub fn with_card(self, card: String) -> Self {
        Self { card: Some(card), ..self }
    }

    /// The model card, as Markdown.
    #[must_use]
    pub fn card(&self) -> Option<&str> {
        self.card.as_deref()
    }

    /// The package: the same model gives the same bytes.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when it grows beyond what a zip archive holds.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.pack(CompressionMethod::Stored, self.encoder.as_deref())
    }

    /// The decoding half, compressed.
    pub(crate) fn decoding_half(&self) -> Result<Vec<u8>> {
        self.pack(CompressionMethod::Deflated, None)
    }

    fn pack(&self, method: CompressionMethod, encoder: Option<&[u8]>) -> Result<Vec<u8>> {
        let failed =
            |e: zip::result::ZipError| Error::InvalidModel(format!("the package can't be written ({e})"));
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let priors = self.priors.to_bytes();
        let entries = [
            (MANIFEST, Some(self.manifest_json.as_slice())),
            (DECODER, Some(self.decoder.as_slice())),
            (CORRECTION, self.correction.as_deref()),
            (ENCODER, encoder),
            (PRIORS, Some(priors.as_slice())),
            // Only whole packages hold the card, so that archives stay small.
            (CARD, encoder.and(self.card.as_deref()).map(str::as_bytes)),
        ];
        for (name, content) in entries.into_iter().filter_map(|(n, c)| c.map(|c| (n, c))) {
            archive.start_file(name, options).map_err(failed)?;
            archive.write_all(content).map_err(|e| Error::io(format!("packing {name}"), e))?;
        }
        Ok(archive.finish().map_err(failed)?.into_inner())
    }

    /// The hash that names the model: 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The statistics with which the entropy coder starts.
    #[must_use]
    pub fn priors(&self) -> &Priors {
        &self.priors
    }

    /// The plane at each position of the order in which scalar codes are coded, strongest first; `None` with codebooks.
    #[must_use]
    pub fn scan_order(&self) -> Option<&[u32]> {
        self.priors.scalar().map(|priors| priors.order.as_slice())
    }

    /// The codebooks of a `vq` or `rvq` model.
    #[must_use]
    pub fn codebooks(&self) -> Option<&Codebooks> {
        self.codebooks.as_ref()
    }

    /// Whether the model can encode: it has its encoder, or it is linear, so that its decoder can be inverted.
    #[must_use]
    pub fn can_encode(&self) -> bool {
        self.encoder.is_some() || self.encodes_linearly
    }

    /// Whether decoding takes an engine for ONNX graphs: because the decoder is not linear, or because there is a correction.
    #[must_use]
    pub fn needs_engine(&self) -> bool {
        self.linear.is_none() || self.correction.is_some()
    }

    /// The decoder's graph, `(codes, step) → samples`; with codebooks `codes → samples`.
    #[must_use]
    pub fn decoder(&self) -> &[u8] {
        &self.decoder
    }

    /// The graph that corrects what the decoder gives, `(samples, step) → samples`; with codebooks `samples → samples`.
    #[must_use]
    pub fn correction(&self) -> Option<&[u8]> {
        self.correction.as_deref()
    }

    /// The encoder's graph, `samples → latents`, or `(samples, step) → latents`.
    #[must_use]
    pub fn encoder(&self) -> Option<&[u8]> {
        self.encoder.as_deref()
    }

    /// The reference that goes into an array's metadata, with the decoding half when it is small enough.
    ///
    /// # Errors
    /// As [`Model::to_bytes`].
    pub fn reference(&self) -> Result<ModelReference> {
        let half = self.decoding_half()?;
        Ok(ModelReference {
            name: self.manifest.name.clone(),
            sha256: self.sha256.clone(),
            decoder: (half.len() <= MAX_EMBEDDED).then(|| BASE64.encode(half)),
        })
    }

    /// Unpacks a decoding half that is embedded in metadata, as [`Model::reference`] writes it.
    ///
    /// # Errors
    /// As [`Model::from_bytes`], and [`Error::Limit`] when it is larger than the ceiling for embedded models.
    pub fn from_embedded(text: &str) -> Result<Self> {
        if text.len() > MAX_EMBEDDED / 3 * 4 + 8 {
            return Err(Error::Limit(format!(
                "the embedded model takes {} characters, a decoding half of at most {MAX_EMBEDDED} bytes is allowed",
                text.len()
            )));
        }
        let bytes = BASE64
            .decode(text)
            .map_err(|e| Error::InvalidModel(format!("the embedded model is not base64 ({e})")))?;
        Self::from_bytes(&bytes)
    }

    /// The first four bytes of the hash, as chunks carry them.
    pub(crate) fn hash_prefix(&self) -> [u8; 4] {
        std::array::from_fn(|i| {
            self.sha256.get(2 * i..2 * i + 2).and_then(|d| u8::from_str_radix(d, 16).ok()).unwrap_or(0)
        })
    }
}

/// SHA-256 over each entry's name and content, both preceded by their lengths as 8 bytes, little-endian.
fn hash(entries: &[(&str, &[u8])]) -> String {
    let mut sha = Sha256::new();
    for (name, content) in entries {
        sha.update((name.len() as u64).to_le_bytes());
        sha.update(name.as_bytes());
        sha.update((content.len() as u64).to_le_bytes());
        sha.update(content);
    }
    hex(&sha.finalize())
}
