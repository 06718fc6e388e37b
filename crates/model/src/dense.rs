//! The named dense weights of a network, and their AdamW in one pass.

use std::collections::BTreeMap;
use std::sync::Mutex;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, Device, InplaceOp2, Layout, Shape, Tensor, Var};

use crate::Error;
use crate::table::Step;

/// Weights by name, in the order of their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dense {
    vars: BTreeMap<String, Var>,
}

impl Dense {
    /// Adds values one by one from a source of random numbers, such as normal ones.
    pub(crate) fn add_drawn(
        &mut self,
        name: &str,
        shape: (usize, usize),
        mut draw: impl FnMut() -> f32,
    ) -> Result<(), Error> {
        let values = (0..shape.0 * shape.1).map(|_| draw()).collect();
        self.add(name, values, shape)
    }

    /// Adds a vector of one value.
    pub(crate) fn add_constant(&mut self, name: &str, len: usize, value: f32) -> Result<(), Error> {
        self.add(name, vec![value; len], len)
    }

    /// Adds given weights.
    pub(crate) fn add(&mut self, name: &str, values: Vec<f32>, shape: impl Into<Shape>) -> Result<(), Error> {
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?;
        self.vars.insert(name.to_owned(), Var::from_tensor(&tensor)?);
        Ok(())
    }

    /// The weights of a name that the network itself has added.
    pub(crate) fn get(&self, name: &str) -> Result<&Tensor, Error> {
        self.vars
            .get(name)
            .map(Var::as_tensor)
            .ok_or_else(|| Error::Tensor(candle_core::Error::Msg(format!("no weights named {name}"))))
    }

    /// A copy of the weights as plain numbers, in row-major order.
    pub(crate) fn values(&self, name: &str) -> Result<Vec<f32>, Error> {
        Ok(self.get(name)?.flatten_all()?.to_vec1()?)
    }

    /// All weights by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Var)> {
        self.vars.iter()
    }

    /// Puts values in place of the weights of a name, whose shape stays; `None` where there are not as many.
    pub(crate) fn put_back(&mut self, name: &str, values: Vec<f32>) -> Option<()> {
        let shape = self.vars.get(name)?.shape().clone();
        self.add(name, values, shape).ok()
    }

    /// A copy that later steps do not change.
    pub(crate) fn snapshot(&self) -> Result<Self, Error> {
        let mut vars = BTreeMap::new();
        for (name, var) in &self.vars {
            vars.insert(name.clone(), Var::from_tensor(&var.as_tensor().copy()?)?);
        }
        Ok(Self { vars })
    }
}

/// AdamW over dense weights; vectors (biases, norms) do not decay.
#[derive(Debug, Default)]
pub(crate) struct AdamW {
    moments: BTreeMap<String, Moments>,
}

impl AdamW {
    /// The two moments of a weight; empty before its first step.
    pub(crate) fn moments(&self, name: &str) -> [&[f32]; 2] {
        self.moments.get(name).map_or([&[], &[]], |moments| [&moments.first, &moments.second])
    }

    /// Puts back the moments of a weight.
    pub(crate) fn put_back(&mut self, name: &str, [first, second]: [Vec<f32>; 2]) {
        self.moments.insert(name.to_owned(), Moments { first, second });
    }

    /// One step on every weight that has a gradient.
    pub(crate) fn step(&mut self, dense: &Dense, gradients: &GradStore, step: Step) -> Result<(), Error> {
        for (name, var) in dense.iter() {
            let Some(gradient) = gradients.get(var) else {
                continue;
            };
            let moments = self.moments.entry(name.clone()).or_default();
            let mut step = step;
            if var.rank() < 2 {
                step.weight_decay = 0.0;
            }
            let update = Update { moments: Mutex::new(std::mem::take(moments)), step };
            var.as_tensor().inplace_op2(&gradient.contiguous()?, &update)?;
            *moments = update.moments.into_inner().expect("the update does not panic while it holds the lock");
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

struct Update {
    moments: Mutex<Moments>,
    step: Step,
}

impl InplaceOp2 for Update {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(
        &self,
        weights: &mut CpuStorage,
        layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (CpuStorage::F32(weights), CpuStorage::F32(gradient)) = (weights, gradient) else {
            candle_core::bail!("weights are 32-bit floats");
        };
        let (Some((start, end)), Some((from, to))) =
            (layout.contiguous_offsets(), gradient_layout.contiguous_offsets())
        else {
            candle_core::bail!("weights are contiguous");
        };
        let weights = &mut weights[start..end];
        let mut moments = self.moments.lock().expect("one thread updates one weight");
        moments.first.resize(weights.len(), 0.0);
        moments.second.resize(weights.len(), 0.0);
        let Moments { first, second } = &mut *moments;
        for (((value, m), v), g) in weights.iter_mut().zip(first).zip(second).zip(&gradient[from..to]) {
            self.step.apply(value, [m, v], *g);
        }
        Ok(())
    }
}
