"""What tests share: samples, a second opinion, laboratories."""
