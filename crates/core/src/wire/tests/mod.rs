mod codec;
mod envelope;
